// What the audit log says of card drivers that ended by themselves since the agent started: the one place where that is written.
import { z } from 'zod';
import { isErrorCode, type ErrorCode } from '../../../shared/errors.ts';

/** A driver's stops; `code` is that of the last one. */
export interface DriverStops {
  module: string;
  code: ErrorCode;
  times: number;
}

const event = z.union([
  z.object({ event: z.literal('agent-started') }),
  z.object({
    event: z.literal('module-host-stopped'),
    module: z.string(),
    code: z.custom<ErrorCode>(isErrorCode),
  }),
]);

/** Counts in the last lines of the log; a first line that was cut off is passed over, as is every other event. */
export function driverStops(lines: string): DriverStops[] {
  const stops = new Map<string, DriverStops>();
  for (const line of lines.split('\n')) {
    const entry = parseEvent(line);
    if (entry?.event === 'agent-started') stops.clear();
    if (entry?.event !== 'module-host-stopped') continue;
    const { module, code } = entry;
    stops.set(module, { module, code, times: (stops.get(module)?.times ?? 0) + 1 });
  }
  return [...stops.values()];
}

function parseEvent(line: string): z.infer<typeof event> | undefined {
  try {
    return event.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
