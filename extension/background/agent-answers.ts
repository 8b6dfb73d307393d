// Settles requests with what the agent answers, after checking that it is an answer to that very question.
import { KortbroError } from '../../shared/errors.ts';
import { parseResult, type AgentMessage } from '../../shared/messages.ts';
import { type PendingRequests } from './pending.ts';

/**
 * Works in one answer. One to an unknown id (cancelled, or its page is gone) is dropped.
 * @throws KortbroError ERR_REQUEST_INVALID when it cannot be an answer to the question
 */
export function settleWith(
  pending: PendingRequests,
  message: Extract<AgentMessage, { type: 'response' | 'error' }>,
): void {
  if (message.type === 'error') {
    pending.settle(message.id, { error: message.error });
    return;
  }
  const question = pending.question(message.id);
  if (question === undefined) return;
  const result = parseResult(question.verb, message.result);
  // Both forms of status parse; a page must never get the holder's.
  if (question.verb === 'status' && 'readers' in result !== (question.caller.kind === 'user')) {
    throw new KortbroError('ERR_REQUEST_INVALID');
  }
  pending.settle(message.id, { result });
}
