// Pictures of readers as PC/SC would show them, in few words.
import { type ReaderPicture } from '../../agent/native/reader-picture.ts';

type Condition = 'empty' | 'present' | 'mute';

const bits = { empty: 0x10, present: 0x20, mute: 0x20 | 0x200 } as const;

/** `{ A: ['present', 5] }`: reader A with a card of an unknown kind, or with this answer to reset; event counter 5. */
export function picture(
  readers: Record<string, readonly [Condition, number]>,
  connection = 1,
  atr: Uint8Array = Uint8Array.of(0x3b, 0x7f),
): ReaderPicture {
  return {
    service: 'running',
    connection,
    readers: Object.entries(readers).map(([name, [condition, counter]]) => ({
      name,
      eventState: ((counter << 16) | bits[condition]) >>> 0,
      atr: condition === 'present' ? atr : new Uint8Array(),
    })),
  };
}

/** The smart-card service is not there. */
export function noService(connection = 1): ReaderPicture {
  return { service: 'stopped', code: 0x8010001d, connection, readers: [] };
}
