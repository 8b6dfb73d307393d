// Runs one request and turns whatever comes of it into the one answer that its asker gets and, for all but a page's
// status, a line in the audit log.
import { randomUUID } from 'node:crypto';
import { placeOfFault } from '../audit/place-of-fault.ts';
import { KortbroError, toWireError } from '../../shared/errors.ts';
import { type AgentMessage, type Request } from '../../shared/messages.ts';
import { type OperationContext, type RequestChannel } from '../operations/context.ts';
import { perform } from '../operations/perform.ts';
import { type Asker } from './endpoint-server.ts';
import { codeOfFailure, TokenError } from '../tokens/token.ts';

/** Never rejects. */
export async function dispatch(
  context: OperationContext,
  { peer, profile }: Asker,
  request: Request,
  signal: AbortSignal,
  channel: RequestChannel,
): Promise<AgentMessage> {
  const { id, verb, language } = request;
  const origin = request.caller.kind === 'page' ? { origin: request.caller.origin } : {};
  const started = context.clock.now();
  try {
    const { result, token } = await perform(context, { language, signal, profile }, request, channel);
    if (isWorthALine(request)) {
      const milliseconds = Math.round(context.clock.now() - started);
      const used = token === undefined ? {} : { token };
      context.audit({ event: 'request-done', peer, verb, ...origin, ...used, milliseconds });
    }
    return { type: 'response', id, result };
  } catch (error) {
    const known = asKortbroError(error);
    const isFault = known === undefined || known.code === 'ERR_AGENT_INTERNAL';
    const incident = isFault || error instanceof TokenError ? randomUUID().slice(0, 8) : undefined;
    const wire = toWireError(known ?? error, language, incident);
    const native = error instanceof TokenError && error.native !== undefined ? { native: error.native } : {};
    const trace = incident === undefined ? {} : { incident };
    context.audit({ event: 'request-refused', peer, verb, ...origin, code: wire.code, ...trace, ...native });
    if (isFault && incident !== undefined)
      context.audit({ event: 'internal-error', incident, where: placeOfFault(error) });
    return { type: 'error', id, error: wire };
  }
}

/** A page may ask for its status as often as it likes: lines of that would push everything else out of the log. */
function isWorthALine({ verb, caller }: Request): boolean {
  return verb !== 'status' || caller.kind !== 'page';
}

/** The code that a failure has on the wire; undefined for a fault that nobody has named. */
function asKortbroError(error: unknown): KortbroError | undefined {
  if (error instanceof KortbroError) return error;
  if (!(error instanceof TokenError)) return undefined;
  const { failure, triesLeft } = error;
  return new KortbroError(codeOfFailure(failure), triesLeft === undefined ? {} : { triesLeft });
}
