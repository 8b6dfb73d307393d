// From a parsed request to its result: the one place that knows every verb.
import { type Request } from '../../shared/messages.ts';
import { agentState, pageStatus } from './agent-state.ts';
import { authenticate } from './authenticate.ts';
import { listCertificates } from './certificates.ts';
import { sign } from './sign/sign.ts';
import { forgetPin } from './forget-pin.ts';
import { type OperationCall, type OperationContext, type RequestChannel } from './context.ts';

/** A result, and for the audit log the fingerprint of the token that was used. */
export interface Outcome {
  result: unknown;
  token?: string;
}

/** @throws KortbroError, TokenError */
export async function perform(
  context: OperationContext,
  call: OperationCall,
  request: Request,
  channel: RequestChannel,
): Promise<Outcome> {
  switch (request.verb) {
    case 'status':
      if (request.caller.kind === 'user') return { result: agentState(context) };
      return { result: pageStatus(context, request.caller.origin) };
    case 'certificates':
      return { result: await listCertificates(context, call) };
    case 'authenticate': {
      const { token, from } = await authenticate(context, call, request.caller.origin, request);
      return { result: token, token: from.fingerprint };
    }
    case 'sign': {
      const { result, from } = await sign(context, call, request, channel);
      return { result, token: from.fingerprint };
    }
    case 'forget-pin': {
      return { result: await forgetPin(context, call) };
    }
  }
}
