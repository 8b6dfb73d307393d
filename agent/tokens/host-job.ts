// One question to a module host on its way: what is asked, whom to tell the answer, and what becomes of a PIN that it carries.
import { isErrorCode } from '../../shared/errors.ts';
import { type HostAnswer, type HostRequest } from './module-host-protocol.ts';
import { TokenError, type TokenFailure } from './token.ts';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
/** A request before it has its number. */
export type HostQuestion = WithoutId<HostRequest>;

export interface Job {
  question: HostQuestion;
  bytes: Uint8Array;
  /** The bytes are zeroed as soon as they are written, or will not be. */
  secret: boolean;
  settle: (answer: HostAnswer, bytes: Buffer) => void;
  fail: (error: unknown) => void;
}

/** Makes a job of a question and hands it to `place`; promises the answer as `read` takes it apart. */
export function ask<T>(
  question: HostQuestion,
  bytes: Uint8Array,
  secret: boolean,
  read: (result: unknown, bytes: Buffer) => T,
  place: (job: Job) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle: Job['settle'] = (answer, answerBytes) => {
      if ('failure' in answer) reject(tokenErrorOf(answer));
      else resolve(read('result' in answer ? answer.result : undefined, answerBytes));
    };
    place({ question, bytes, secret, settle, fail: reject });
  });
}

/** Fails a job that will have no answer. */
export function drop(job: Job, error: unknown): void {
  if (job.secret) job.bytes.fill(0);
  job.fail(error);
}

/** A failure that the child told. */
function tokenErrorOf(answer: Extract<HostAnswer, { failure: unknown }>): TokenError {
  const failure: TokenFailure = isFailure(answer.failure) ? answer.failure : 'ERR_AGENT_INTERNAL';
  const { triesLeft, native } = answer;
  return new TokenError(failure, {
    ...(triesLeft === undefined ? {} : { triesLeft }),
    ...(native === undefined ? {} : { native }),
  });
}

function isFailure(value: string): value is TokenFailure {
  return value === 'login-lost' || value === 'final-try-unconfirmed' || isErrorCode(value);
}
