// What somebody was writing when the card was pulled: kept for that holder, in memory, until the next login.
import { type HolderIdentity } from '../../relying-party/src/index.ts';

const maximumLength = 2_000;
const maximumHolders = 100;

export class Drafts {
  readonly #texts = new Map<string, string>();

  /** Keeps the text in the place of an earlier one. The oldest of too many holders loses his. */
  keep(holder: HolderIdentity, text: string): void {
    const key = keyOf(holder);
    this.#texts.delete(key);
    if (text === '') return;
    const [oldest] = this.#texts.keys();
    if (this.#texts.size >= maximumHolders && oldest !== undefined) this.#texts.delete(oldest);
    this.#texts.set(key, text);
  }

  of(holder: HolderIdentity): string {
    return this.#texts.get(keyOf(holder)) ?? '';
  }
}

/** The text of `{"text": ...}`. @throws Error for anything else, or one that is too long */
export function parseDraft(body: string): string {
  const value: unknown = JSON.parse(body);
  if (typeof value === 'object' && value !== null && Object.keys(value).join() === 'text' && 'text' in value) {
    if (typeof value.text === 'string' && value.text.length <= maximumLength) return value.text;
  }
  throw new Error('not a draft');
}

function keyOf(holder: HolderIdentity): string {
  return holder.kind === 'hsa-id' ? `hsa-id ${holder.hsaId}` : `personal-number ${holder.personalNumber}`;
}
