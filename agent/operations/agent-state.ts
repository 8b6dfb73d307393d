// The picture of readers, cards and PIN-SSO that the popup and `kortbro status` show. Pure reading; no card is touched.
import { createHash } from 'node:crypto';
import { type AgentState, type PageStatus, type TokenState } from '../../shared/messages.ts';
import { productVersion } from '../../shared/names.ts';
import { displayText } from '../certificates/display-text.ts';
import { type BoundToken } from '../cards/bound-token.ts';
import { onePerCard } from '../cards/signature-key.ts';
import { decideSite } from '../policy/decide.ts';
import { policyInForce, type OperationContext } from './context.ts';

/** For the holder's own eyes. */
export function agentState(context: OperationContext): AgentState {
  return {
    version: productVersion,
    service: context.cards.serviceRunning ? 'running' : 'stopped',
    session: context.suspended() ? 'suspended' : 'active',
    readers: context.cards.readers.slice(0, 32).map((reader) => ({
      name: displayText(reader.name, 100),
      card: reader.card,
      tokens: onePerCard(reader.tokens)
        .slice(0, 8)
        .map((token) => tokenState(context, token)),
    })),
  };
}

/**
 * For a page: what runs, and whether the card is there only if this holder has let the site in.
 * @throws KortbroError ERR_POLICY_ORIGIN, ERR_REQUEST_ORIGIN, ERR_POLICY_INVALID
 */
export function pageStatus(context: OperationContext, origin: string): PageStatus {
  const status: PageStatus = { agent: productVersion };
  const decision = decideSite(policyInForce(context), origin);
  const card = decision.access === 'refuse' ? undefined : context.holders.cardAt(origin);
  return card === undefined ? status : { ...status, card };
}

function tokenState(context: OperationContext, token: BoundToken): TokenState {
  const certificate = (token.keys.find((key) => key.certificate.usage === 'authentication') ?? token.keys[0])
    ?.certificate;
  const pinSso = context.pinSso.isOpen(token);
  const sites = context.pinSso.sites(token);
  return {
    key: stayKey(token),
    holder: certificate?.holder ?? displayText(token.description.label, 100),
    organisation: certificate?.organisation ?? '',
    holderId: certificate?.holderId ?? '',
    pin: token.pin,
    pinSso,
    sites: sites.slice(0, 500),
  };
}

/** One stay of one card, the same over the agent's own restarts: what precedes the first slash counts our connections. */
function stayKey({ fingerprint, generation }: BoundToken): string {
  const stay = generation.slice(generation.indexOf('/') + 1);
  return createHash('sha256').update(`${fingerprint}/${stay}`).digest('hex').slice(0, 16);
}
