// Fetches a small answer from a server that is not trusted: one address, no redirect, so many octets, so much time.
import { SignatureError } from './signature-error.ts';

export type Fetch = typeof globalThis.fetch;

export interface BoundedRequest {
  readonly url: string;
  /** Absent: GET. */
  readonly post?: { readonly type: string; readonly body: Uint8Array };
  readonly maximumLength: number;
  readonly timeoutMs: number;
}

/** @throws SignatureError ERR_REVOCATION_UNAVAILABLE, with the cause */
export async function fetchBounded(fetch: Fetch, request: BoundedRequest): Promise<Uint8Array> {
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(request.timeoutMs)]);
  try {
    // Raced, since a given fetch may not listen to the signal.
    return await Promise.race([receive(fetch, request, signal), whenAborted(signal)]);
  } catch (cause) {
    throw new SignatureError('ERR_REVOCATION_UNAVAILABLE', { cause });
  } finally {
    ending.abort(); // lets go of a connection whose answer was refused
  }
}

async function receive(
  fetch: Fetch,
  { url, post, maximumLength }: BoundedRequest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const response = await fetch(url, {
    ...(post && { method: 'POST', body: Buffer.from(post.body), headers: { 'Content-Type': post.type } }),
    redirect: 'error',
    credentials: 'omit',
    signal,
  });
  if (response.status !== 200 || response.redirected) throw new Error(`answered ${response.status}`);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    if (length > maximumLength) throw new Error('answered too much');
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('took too long')), { once: true });
  });
}
