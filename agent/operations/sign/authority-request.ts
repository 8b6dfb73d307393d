// One question to an authority in policy, and the time that all of them together may take for one document.
import { type Clock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import { type Policy } from '../../../shared/policy.ts';
import { unlessAborted } from '../../cards/abort-wait.ts';
import { exchange, type Exchange, type Network } from '../../network/exchange.ts';
import { type SystemProxy } from '../../network/proxy.ts';
import { type TrustStore } from '../../network/trust-store.ts';
import { SignatureError, type SignatureErrorCode } from '../../signatures/signature-error.ts';
import { type Trust } from '../../tokens/trusted-file.ts';

/** What requests to authorities stand on. */
export interface AuthorityEnvironment {
  clock: Clock;
  trust: TrustStore;
  systemProxy: SystemProxy;
  /** Who may have put policy's file of authorities there. */
  fileTrust: Trust | undefined;
}

/**
 * One exchange within its time.
 * @throws SignatureError with `code` unless a whole answer with status 200 has come; the reason of `signal`
 */
export async function askAuthority(
  { clock, trust, systemProxy }: AuthorityEnvironment,
  policy: Policy,
  code: SignatureErrorCode,
  address: string,
  request: Omit<Exchange, 'most'>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const ending = new AbortController();
  const callOff = clock.after(limits.authorityTime, () => ending.abort());
  const { authorities, proxy } = policy.logout;
  const network: Network = { trust, authorities, proxy, systemProxy };
  try {
    const either = AbortSignal.any([signal, ending.signal]);
    const wanted = { ...request, most: limits.authorityAnswer };
    // Raced: finding the proxy does not listen to the signal.
    const { status, body, whole } = await unlessAborted(exchange(new URL(address), wanted, network, either), either);
    if (status !== 200 || !whole) throw new SignatureError(code, `the authority answered ${status}`);
    return body;
  } catch (cause) {
    signal.throwIfAborted();
    throw cause instanceof SignatureError ? cause : new SignatureError(code, 'the authority did not answer', { cause });
  } finally {
    callOff();
  }
}

/** What authorities are asked for one document: all of it within limits.authoritiesTime. The holder's own time is not counted. */
export class AuthorityTime {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #left: number = limits.authoritiesTime;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /**
   * What `work` gives, if the time that is left is enough. It is told when to stop, and not waited for if it does not.
   * @throws SignatureError with `code`; the reason of the signal at once; what `work` throws
   */
  async spend<T>(code: SignatureErrorCode, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const end = () => ending.abort(new SignatureError(code, 'the authorities take too long'));
    const within = AbortSignal.any([this.#signal, ending.signal]);
    if (this.#left <= 0) end();
    within.throwIfAborted();
    const started = this.#clock.now();
    const callOff = this.#clock.after(this.#left, end);
    try {
      return await unlessAborted(work(within), within);
    } finally {
      callOff();
      this.#left -= this.#clock.now() - started;
    }
  }
}
