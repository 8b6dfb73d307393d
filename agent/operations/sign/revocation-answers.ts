// Answers about revocation from the sources in policy. Each is fetched once for all documents of a batch, for as long as it says
// itself that it holds; what it says is verified anew for each document.
import { type Clock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { SignatureError } from '../../signatures/signature-error.ts';
import { type RevocationValues } from '../../signatures/signer.ts';

/** Who may know whether a certificate is revoked. */
export interface RevocationSource {
  kind: 'ocsp' | 'crls';
  /** The same for the same question. */
  key: (subject: Uint8Array, issuer: Uint8Array) => string;
  fetch: (subject: Uint8Array, issuer: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;
  read: (answer: Uint8Array, subject: Uint8Array, issuer: Uint8Array, now: Date) => 'good' | 'revoked' | 'unknown';
  /** Until when it may be used again. */
  ends: (answer: Uint8Array) => Date;
}

/** One answer that is here, or on its way. */
interface Kept {
  answer: Promise<Uint8Array>;
  holds: () => boolean;
}

/** What one batch knows. It is made for a batch and forgotten with it. */
export class RevocationAnswers {
  readonly #clock: Clock;
  readonly #today: () => Date;
  /** In the order in which they are asked. */
  readonly #sources: readonly RevocationSource[];
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock, today: () => Date, sources: readonly RevocationSource[]) {
    this.#clock = clock;
    this.#today = today;
    this.#sources = sources;
  }

  /**
   * For each certificate of the chain but the last, which vouches for itself, the first answer that holds.
   * @throws SignatureError ERR_SIGNATURE_REVOCATION, the reason of `signal`
   */
  async of([certificate, ...issuers]: readonly Uint8Array[], signal: AbortSignal): Promise<RevocationValues> {
    const found: RevocationValues = { certificates: issuers, ocsp: [], crls: [] };
    if (certificate === undefined || issuers.length === 0)
      throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'the issuer is not in policy');
    let subject = certificate;
    for (const issuer of issuers) {
      const { kind, answer } = await this.#firstGood(subject, issuer, signal);
      found[kind].push(answer);
      subject = issuer;
    }
    return found;
  }

  async #firstGood(
    subject: Uint8Array,
    issuer: Uint8Array,
    signal: AbortSignal,
  ): Promise<{ kind: RevocationSource['kind']; answer: Uint8Array }> {
    for (const source of this.#sources) {
      // One that does not answer, or not well: another may do better.
      const answer = await this.#answer(source, subject, issuer, signal).catch(() => undefined);
      signal.throwIfAborted();
      const status = answer && attempt(() => source.read(answer, subject, issuer, this.#today()));
      if (status === 'revoked') throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'the certificate is revoked');
      if (answer !== undefined && status === 'good') return { kind: source.kind, answer };
    }
    throw new SignatureError('ERR_SIGNATURE_REVOCATION', 'nobody says whether the certificate is revoked');
  }

  /** Of each source once, for as long as it holds. */
  #answer(source: RevocationSource, subject: Uint8Array, issuer: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const key = source.key(subject, issuer);
    const known = this.#kept.get(key);
    if (known?.holds() === true) return known.answer;
    const answer = source.fetch(subject, issuer, signal);
    const kept: Kept = { answer, holds: () => true };
    this.#kept.set(key, kept);
    answer.then(
      (bytes) => {
        const end = attempt(() => source.ends(bytes));
        kept.holds = end === undefined ? this.#rest() : () => this.#today() < end;
      },
      () => (kept.holds = this.#rest()),
    );
    return answer;
  }

  /** A source that has failed is left alone for a while: with another one that knows, a batch need not wait for it each time. */
  #rest(): () => boolean {
    const end = this.#clock.now() + limits.authorityRest;
    return () => this.#clock.now() < end;
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
