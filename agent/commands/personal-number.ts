// Personal numbers never leave a command in full: output ends up in tickets and chats.

const personalNumber = /^((?:PNOSE-)?(?:\d{2})?\d{6}[-+]?)\d{4}$/;

/** `holderId` with the last four digits of a personal number replaced by asterisks; anything else unchanged. */
export function maskPersonalNumber(holderId: string): string {
  return holderId.replace(personalNumber, '$1****');
}

/** The same in every `holderId` of an answer, for JSON output. */
export function maskPersonalNumbers(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) =>
      key === 'holderId' && typeof value === 'string' ? maskPersonalNumber(value) : value,
    ),
  ) as unknown;
}
