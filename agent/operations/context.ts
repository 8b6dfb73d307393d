// What every operation may use; main puts it together. Operations hold no state of their own.
import { type Clock } from '../../shared/clock.ts';
import { KortbroError } from '../../shared/errors.ts';
import { type Language } from '../../shared/error-texts.ts';
import { type SigningAnswer, type SigningMessage } from '../../shared/signing.ts';
import { type Policy } from '../../shared/policy.ts';
import { type AuditEvent } from '../audit/audit-event.ts';
import { type BoundToken } from '../cards/bound-token.ts';
import { type CardTable } from '../cards/card-table.ts';
import { type Holders } from '../cards/holders.ts';
import { type Logouts } from '../logout/logouts.ts';
import { type DialogQueue } from '../pin/dialog-queue.ts';
import { type DialogOptions } from '../pin/pinentry.ts';
import { type PinSso } from '../pin/pin-sso.ts';
import { type AuthorityEnvironment } from './sign/authority-request.ts';
import { type DocumentBudget } from './sign/document-store.ts';
import { type PolicyOutcome } from '../policy/policy-file.ts';

export interface OperationContext {
  clock: Clock;
  /** Wall-clock time, for certificates. */
  today: () => Date;
  policy: () => PolicyOutcome;
  cards: CardTable;
  pinSso: PinSso<BoundToken>;
  dialogs: DialogQueue;
  /** Documents are shown one consent at a time; the holder may read for long, and others log in meanwhile. */
  consents: DialogQueue;
  holders: Holders;
  logouts: Pick<Logouts, 'cleared' | 'enter'>;
  /** The bytes of documents that are being signed. */
  documents: DocumentBudget;
  /** How time-stamping authorities and the like are reached. */
  authorities: AuthorityEnvironment;
  /** Something that the popup shows has changed. */
  changed: () => void;
  /** Whether the OS session is locked, disconnected or asleep. */
  suspended: () => boolean;
  audit: (event: AuditEvent) => void;
  environment: NodeJS.ProcessEnv;
}

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

/** What else is said under the id of an open request. */
export interface RequestChannel {
  tell: (answer: WithoutId<SigningAnswer>) => void;
  /** Replaces the listener; before there is one nothing is heard. */
  hear: (listener: (message: SigningMessage) => void) => void;
}

/** One request's own: its language and what ends it. */
export interface OperationCall {
  language: Language;
  signal: AbortSignal;
  /** The browser profile that asks; '' for a client that is no browser. */
  profile: string;
}

/** The policy in force. @throws KortbroError ERR_POLICY_INVALID */
export function policyInForce(context: OperationContext): Policy {
  const outcome = context.policy();
  if (!outcome.ok) throw new KortbroError('ERR_POLICY_INVALID');
  return outcome.policy;
}

/** How dialogs of this call are run, ended also by `more`. @throws KortbroError ERR_PIN_PROMPT */
export function dialogOptions(
  context: OperationContext,
  call: OperationCall,
  findProgram: (configured: string | undefined) => string,
  ...more: AbortSignal[]
): DialogOptions {
  const { pin } = policyInForce(context);
  return {
    program: findProgram(pin.program),
    seconds: pin.dialogSeconds,
    signal: AbortSignal.any([call.signal, ...more]),
    environment: context.environment,
  };
}
