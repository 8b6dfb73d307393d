// A page's request to sign as the agent gets it: every part as shared/signing.ts says, or refused.
import * as z from 'zod';
import { signFields } from '../../../shared/signing.ts';
import { type PageSignRequest } from '../../page-api/sign-messages.ts';
import { type Question } from '../pending.ts';

export type SignQuestion = Extract<Question, { verb: 'sign' }>;

const fields = z.strictObject(signFields);

/** Undefined for what the agent would refuse as malformed. */
export function signQuestion(
  { verb, ...asked }: Omit<PageSignRequest, 'id'>,
  common: Pick<SignQuestion, 'type' | 'language' | 'caller'>,
): SignQuestion | undefined {
  const parsed = fields.safeParse(asked);
  return parsed.success ? { ...common, verb, ...parsed.data } : undefined;
}
