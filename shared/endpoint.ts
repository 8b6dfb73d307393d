// Where an OS session's agent can be found, and the words of the handshake. Pure: reading files and checking owners and
// modes is the caller's. Layout: <base>/kortbro/<session>/endpoint.json, all directories 0700, the file 0600; on Windows
// %LOCALAPPDATA%\\Kortbro\\sessions\\<session>\\endpoint.json, which the profile's own access control keeps to its user.
import { decodeBase64 } from './base64.ts';
import { KortbroError } from './errors.ts';
import { protocolVersion, runtimeDirectoryName } from './names.ts';
import { proofSize, type PeerRole } from './proof.ts';
import { parseStrictJson } from './strict-json.ts';

/** What the directory is computed from. `environment` is the process environment. */
export interface EndpointPlace {
  environment: Readonly<Record<string, string | undefined>>;
  userId: number;
  temporaryDirectory: string;
}

/** A Unix socket's path has at most 107 bytes; the socket's own name takes 24. */
const longestDirectory = 107 - 24;

/** The directories to make or check, outermost first; the last one is this OS session's own. */
export function endpointDirectories(place: EndpointPlace): string[] {
  const own = `${runtimeDirectoryName}/${sessionKey(place.environment)}`;
  const base = place.environment['XDG_RUNTIME_DIR'];
  if (base?.startsWith('/') === true && new TextEncoder().encode(`${base}/${own}`).length <= longestDirectory) {
    return [`${base}/${runtimeDirectoryName}`, `${base}/${own}`];
  }
  const root = `${place.temporaryDirectory}/kortbro-${place.userId}`;
  return [root, `${root}/${runtimeDirectoryName}`, `${root}/${own}`];
}

/**
 * A name for the OS session that every program of it computes alike. The display comes first: desktops start programs
 * with it but often without XDG_SESSION_ID; two sessions of one user have two displays.
 */
export function sessionKey(environment: EndpointPlace['environment']): string {
  const display = environment['WAYLAND_DISPLAY'] ?? environment['DISPLAY']?.replace(/\.\d+$/, '');
  const name = display ?? environment['XDG_SESSION_ID'] ?? 'default';
  return name.replace(/[^\w-]/g, '_').slice(0, 32) || 'default';
}

/** The name of a pipe of ours: whose, of which session, and something that nobody guesses. */
const pipeName = /^\\\\\.\\pipe\\kortbro-S-1-[\d-]{1,180}-\d{1,10}-[\da-f]{12}$/;

/**
 * The directory that has one for every session of this user, by its number. Windows.
 * @throws KortbroError ERR_AGENT_ENDPOINT when there is no profile
 */
export function windowsSessionsDirectory(environment: EndpointPlace['environment']): string {
  const profile = environment['LOCALAPPDATA'];
  if (profile === undefined || !/^[A-Za-z]:\\/.test(profile)) throw new KortbroError('ERR_AGENT_ENDPOINT');
  return `${profile}\\Kortbro\\sessions`;
}

/** What stands in the endpoint file. `socket`: a Unix socket's path or a pipe's name; `secret` is `proofSize` bytes, made anew at each start of the agent. */
export interface Endpoint {
  socket: string;
  secret: Uint8Array;
  processId: number;
}

/**
 * Reads the endpoint file's text.
 * @throws KortbroError ERR_AGENT_ENDPOINT (malformed), ERR_AGENT_VERSION (another protocol version)
 */
export function parseEndpoint(text: string): Endpoint {
  const fields = exactKeys(text, ['processId', 'protocol', 'secret', 'socket'], 'ERR_AGENT_ENDPOINT');
  const { processId, protocol, secret, socket } = fields;
  if (protocol !== protocolVersion) throw new KortbroError('ERR_AGENT_VERSION');
  const secretBytes = typeof secret === 'string' ? decodeBase64(secret) : undefined;
  if (
    typeof socket !== 'string' ||
    !(socket.startsWith('/') || pipeName.test(socket)) ||
    secretBytes?.length !== proofSize ||
    typeof processId !== 'number' ||
    !Number.isSafeInteger(processId)
  ) {
    throw new KortbroError('ERR_AGENT_ENDPOINT');
  }
  return { socket, secret: secretBytes, processId };
}

/** First message of the handshake, client to agent: {protocol, role, nonce}. @throws KortbroError ERR_AGENT_PROOF, ERR_AGENT_VERSION */
export function parseGreeting(text: string): { role: PeerRole; nonce: Uint8Array } {
  const { protocol, role, nonce } = exactKeys(text, ['nonce', 'protocol', 'role'], 'ERR_AGENT_PROOF');
  if (protocol !== protocolVersion) throw new KortbroError('ERR_AGENT_VERSION');
  if (role !== 'native-host' && role !== 'command') throw new KortbroError('ERR_AGENT_PROOF');
  return { role, nonce: proofBytes(nonce) };
}

/** Second message, agent to client: {nonce, proof}. @throws KortbroError ERR_AGENT_PROOF */
export function parseChallenge(text: string): { nonce: Uint8Array; proof: Uint8Array } {
  const { nonce, proof } = exactKeys(text, ['nonce', 'proof'], 'ERR_AGENT_PROOF');
  return { nonce: proofBytes(nonce), proof: proofBytes(proof) };
}

/** Third message, client to agent: {proof}. From then on both sides speak the messages of messages.ts. @throws KortbroError ERR_AGENT_PROOF */
export function parseAnswer(text: string): Uint8Array {
  return proofBytes(exactKeys(text, ['proof'], 'ERR_AGENT_PROOF')['proof']);
}

/** Close codes of the WebSocket (RFC 6455 7.4) and the error that each stands for: private ones, and the code of a frame too big. */
export const closeCodes = {
  ERR_AGENT_PROOF: 4001,
  ERR_AGENT_VERSION: 4002,
  ERR_AGENT_BUSY: 4003,
  ERR_REQUEST_INVALID: 4004,
  ERR_REQUEST_TOO_LARGE: 1009,
  ERR_REQUEST_TOO_MANY: 4006,
} as const;

function proofBytes(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' ? decodeBase64(value) : undefined;
  if (bytes?.length !== proofSize) throw new KortbroError('ERR_AGENT_PROOF');
  return bytes;
}

function exactKeys(
  text: string,
  keys: readonly string[],
  code: 'ERR_AGENT_ENDPOINT' | 'ERR_AGENT_PROOF',
): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseStrictJson(text, 1);
  } catch {
    throw new KortbroError(code);
  }
  if (typeof value !== 'object' || value === null || Object.keys(value).sort().join() !== keys.join()) {
    throw new KortbroError(code);
  }
  return value as Record<string, unknown>;
}
