// The page's side of the API: promises, ids, listeners. It runs among the page's own scripts, so what it calls is taken
// at document_start, before a page or a library can replace it. It guards nothing: every check is made behind it.
import { type ErrorCode } from '../../shared/errors.ts';
import {
  type AuthenticationToken,
  type CallOptions,
  type Kortbro,
  type KortbroEventName,
  type KortbroEvents,
  type LoggedOutEvent,
  type LogoutReason,
  type SignOptions,
  type SignRequest,
  type SignResult,
  type Status,
} from './api.ts';
import { KortbroError } from './kortbro-error.ts';
import { preparePageSigning, type PageSigning } from './page-signing.ts';
import { type BytesPiece, type SigningNews } from './sign-messages.ts';

const { apply, deleteProperty, get } = Reflect;
const { parse, stringify } = JSON;
const { create, freeze } = Object;
const addEventListener = get(EventTarget.prototype, 'addEventListener');
const removeEventListener = get(EventTarget.prototype, 'removeEventListener');
const NativePromise = Promise;
const then = get(Promise.prototype, 'then');
const reportListenerError = globalThis.reportError;
const randomId = crypto.randomUUID.bind(crypto);

/** limits.pageSignMessage: what is longer is not even read, and so gets no answer. */
const longestText = 65_536;

/** What is said on the way to the extension: JSON texts, and bytes of documents and signatures, which are given away. */
export type Spoken = string | BytesPiece;

/** Opens the way to the extension, or returns undefined when nobody answers there. */
export type Connect = (receive: (spoken: Spoken) => void) => ((spoken: Spoken) => void) | undefined;

interface Pending {
  resolve: (value: never) => void;
  reject: (error: Error) => void;
  /** Stops listening to the caller's signal. */
  release: () => void;
  signing?: PageSigning | undefined;
}

interface Answer {
  id?: string;
  result?: unknown;
  signing?: SigningNews;
  error?: { code: ErrorCode; message: string; triesLeft?: number; incident?: string };
  event?: KortbroEventName;
  reason?: LogoutReason;
  number?: number;
}

interface Entry {
  readonly event: KortbroEventName;
  readonly listener: (event: LoggedOutEvent | undefined) => void;
  active: boolean;
}

/** Makes `window.kortbro`. Nothing is opened before the first call. */
export function createPageClient(connect: Connect): Kortbro {
  const pending = create(null) as Record<string, Pending | undefined>;
  const listeners: Entry[] = [];
  let send: ((spoken: Spoken) => void) | undefined;
  let listening = false;

  function receive(spoken: Spoken): void {
    if (typeof spoken !== 'string') {
      pending[spoken.id]?.signing?.received(spoken);
      return;
    }
    const { id, result, signing, error, event, reason, number } = parse(spoken) as Answer;
    if (event === 'loggedout') tellLogout(reason as LogoutReason, number);
    else if (event !== undefined) tell(event);
    if (id === undefined) return;
    if (signing !== undefined) pending[id]?.signing?.told(signing);
    else if (error === undefined) settle(id, result);
    else take(id)?.reject(new KortbroError(error.code, error.message, error));
  }

  function take(id: string): Pending | undefined {
    const request = pending[id];
    deleteProperty(pending, id);
    request?.release();
    request?.signing?.stop();
    return request;
  }

  function settle(id: string, result: unknown): void {
    const request = take(id);
    if (request?.signing === undefined) {
      request?.resolve(result as never);
      return;
    }
    const signed = request.signing.result();
    if (signed !== undefined) request.resolve(signed as never);
    else request.reject(new KortbroError('ERR_AGENT_INTERNAL', 'The signatures did not arrive in full.'));
  }

  /** Answers when every promise that a listener has handed in has settled. */
  function tellLogout(reason: LogoutReason, number: number | undefined): void {
    let waiting = 1;
    const settled = (): void => {
      if (--waiting === 0) post({ __proto__: null, verb: 'settled', number });
    };
    const waitUntil = (promise: PromiseLike<unknown>): void => {
      waiting++;
      void apply(then, new NativePromise((resolve) => resolve(promise)), [settled, settled]);
    };
    tell('loggedout', freeze({ reason, waitUntil }));
    settled();
  }

  function tell(event: KortbroEventName, told?: LoggedOutEvent): void {
    const count = listeners.length;
    for (let i = 0; i < count; i++) {
      const entry = listeners[i];
      if (entry?.event !== event || !entry.active) continue;
      try {
        entry.listener(told);
      } catch (error) {
        reportListenerError(error);
      }
    }
  }

  function post(message: object): boolean {
    const text = stringify(message);
    if (text.length > longestText) throw new RangeError('too long');
    send ??= connect(receive);
    send?.(text);
    return send !== undefined;
  }

  function call<T>(
    verb: string,
    fields: object,
    options?: CallOptions,
    signingOf?: (id: string, giveUp: (error: Error) => void) => PageSigning | undefined,
  ): Promise<T> {
    return new NativePromise<T>((resolve, reject) => {
      const signal = options?.signal;
      const cancelled = (): Error =>
        new KortbroError('ERR_REQUEST_CANCELLED', 'The site cancelled.', { cause: signal?.reason as unknown });
      if (signal?.aborted === true) {
        reject(cancelled());
        return;
      }
      const id = randomId();
      const giveUp = (error: Error): void => {
        const request = take(id);
        if (request === undefined) return;
        request.reject(error);
        post({ __proto__: null, verb: 'cancel', id });
      };
      const abort = (): void => giveUp(cancelled());
      const signing = signingOf?.(id, giveUp);
      const asked = signing?.fields ?? fields;
      const release = (): void => {
        if (signal !== undefined) apply(removeEventListener, signal, ['abort', abort]);
      };
      if (signal !== undefined) apply(addEventListener, signal, ['abort', abort]);
      pending[id] = { resolve, reject, release, signing };
      try {
        if (post({ __proto__: null, id, verb, ...asked })) return;
      } catch {
        take(id)?.reject(
          new KortbroError('ERR_REQUEST_INVALID', 'The request is too long, or cannot be written as JSON.'),
        );
      }
      take(id)?.reject(
        new KortbroError('ERR_AGENT_NOT_RUNNING', 'The Kortbro extension does not answer in this page.'),
      );
    });
  }

  return freeze({
    status: (options?: CallOptions) => call<Status>('status', {}, options),
    authenticate: (request: { nonce: string; logout?: unknown }, options?: CallOptions) =>
      call<AuthenticationToken>('authenticate', fieldsOf(request), options),
    sign: (request: SignRequest, options?: SignOptions) =>
      call<SignResult>('sign', {}, options, (id, giveUp) => {
        const sendPiece = (piece: Omit<BytesPiece, 'id'>): void => {
          if (pending[id] !== undefined) send?.({ id, ...piece });
        };
        const unread = (): void =>
          giveUp(new KortbroError('ERR_DOCUMENT_INCOMPLETE', 'A document could not be read in full.'));
        try {
          return preparePageSigning(request, options?.onProgress, sendPiece, unread);
        } catch {
          return undefined; // what is no such request is refused with its code, by those who get it
        }
      }),
    on<Name extends KortbroEventName>(event: Name, listener: (event: KortbroEvents[Name]) => void): () => void {
      if (typeof listener !== 'function' || !isEventName(event)) {
        throw new KortbroError('ERR_REQUEST_INVALID', 'Unknown event, or no function.');
      }
      const entry: Entry = { event, listener: listener as Entry['listener'], active: true };
      listeners[listeners.length] = entry;
      if (!listening) listening = post({ __proto__: null, verb: 'listen' });
      return () => {
        entry.active = false;
      };
    },
    KortbroError,
  });
}

function isEventName(name: string): name is KortbroEventName {
  return name === 'cardremoved' || name === 'cardinserted' || name === 'loggedout';
}

/** What is no text, or cannot be written as JSON, becomes something that is refused with its code. */
function fieldsOf(request: unknown): object {
  const { nonce, logout } = (request ?? {}) as Record<string, unknown>;
  const text = typeof nonce === 'string' ? nonce : '';
  return logout === undefined ? { nonce: text } : { nonce: text, logout: plain(logout) };
}

function plain(value: unknown): unknown {
  try {
    return parse(stringify(value));
  } catch {
    return null;
  }
}
