// States and answers of an agent, for tests. The people are invented.
import { type AgentState, type AuthenticationToken, type ReaderState, type TokenState } from '../../shared/messages.ts';

export const readerName = 'Gemalto PC Twin Reader 00 00';

export function token(changes: Partial<TokenState> = {}): TokenState {
  return {
    key: 'stay-1',
    holder: 'Anna Testsson',
    organisation: 'Region Exempel',
    holderId: 'SE0000000000-1ABC',
    pin: { state: 'ok' },
    pinSso: false,
    sites: [],
    ...changes,
  };
}

export function reader(changes: Partial<ReaderState> = {}): ReaderState {
  return { name: readerName, card: 'ready', tokens: [token()], ...changes };
}

export const emptyReader: ReaderState = { name: readerName, card: 'empty', tokens: [] };

export function agentState(readers: ReaderState[] = [emptyReader], changes: Partial<AgentState> = {}): AgentState {
  return { version: '0.1.0', service: 'running', session: 'active', readers, ...changes };
}

/** Has the right form only: the extension does not verify it. */
export const loginToken: AuthenticationToken = {
  format: 'web-eid:1.0',
  unverifiedCertificate: 'MIIB',
  algorithm: 'ES256',
  signature: 'AAAA',
  appVersion: 'https://kortbro.example/releases/0.1.0',
};

/** 44 characters of canonical base64: 32 bytes. */
export const nonce = Buffer.alloc(32, 7).toString('base64');
