// The way through a proxy: which one, and the tunnel (RFC 9110 9.3.6). What a proxy answers is never taken for the site's word.
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { type Duplex } from 'node:stream';
import { type SecureContext } from 'node:tls';
import { connectSecurely, hostAndPort, isLoopback } from './connection.ts';

/** What the system says of the proxy for an address; undefined: none. */
export type SystemProxy = (url: URL) => URL | undefined | Promise<URL | undefined>;

/**
 * The proxy for an https address; undefined: none. The machine itself is never reached through one. `configured`, by policy,
 * holds for all else; without it the system's word does.
 * @throws TypeError when what is configured is no address
 */
export async function proxyFor(
  url: URL,
  configured: string | undefined,
  system: SystemProxy,
): Promise<URL | undefined> {
  if (isLoopback(url.hostname)) return undefined;
  return configured === undefined ? system(url) : new URL(configured);
}

/**
 * The word of an environment: https_proxy and no_proxy, read as curl and Chromium read them. A host name covers the names below
 * it, with or without a dot or `*.` before it.
 */
export function environmentProxy(environment: NodeJS.ProcessEnv): SystemProxy {
  return (url) => {
    const named = variable(environment, 'https_proxy');
    if (named === '' || isExempt(url, variable(environment, 'no_proxy'))) return undefined;
    return new URL(named.includes('://') ? named : `http://${named}`);
  };
}

/**
 * Asks `proxy` for a tunnel to the server of `site`. It is closed when `signal` aborts, established or not.
 * @throws Error when the proxy cannot be reached, refuses, or speaks where only the site should
 */
export function openTunnel(proxy: URL, site: URL, context: SecureContext, signal: AbortSignal): Promise<Duplex> {
  const { port } = hostAndPort(site);
  const authority = `${site.hostname}:${port}`;
  const options = {
    ...hostAndPort(proxy),
    method: 'CONNECT',
    path: authority,
    headers: { Host: authority, ...proxyCredentials(proxy) },
    signal,
  };
  return new Promise((resolve, reject) => {
    if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:') throw new TypeError('not a proxy for HTTP');
    const request =
      proxy.protocol === 'http:'
        ? plainRequest({ ...options, agent: false })
        : secureRequest({ ...options, createConnection: () => connectSecurely(proxy, context) });
    request.on('error', reject);
    request.on('connect', ({ statusCode = 0 }, socket, early) => {
      socket.on('error', () => undefined);
      signal.addEventListener('abort', () => socket.destroy(), { once: true });
      if (statusCode >= 200 && statusCode < 300 && early.length === 0) resolve(socket);
      else reject(new Error(`the proxy answered ${statusCode}`));
    });
    request.end();
  });
}

/**
 * The header with a proxy's password, if it has one (RFC 9110 11.7.2). Only the environment's may: policy is read by everybody on
 * the machine, and has no place for a password.
 */
export function proxyCredentials({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** The lower-case name is the older one and comes first, as with curl. */
function variable(environment: NodeJS.ProcessEnv, name: string): string {
  return (environment[name] ?? environment[name.toUpperCase()] ?? '').trim();
}

function isExempt(url: URL, list: string): boolean {
  const { port } = hostAndPort(url);
  const host = url.hostname.replace(/\.$/, '');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, name = entry, onlyPort] = /^(.*[^:]):(\d+)$/.exec(entry) ?? [];
      if (onlyPort !== undefined && Number(onlyPort) !== port) return false;
      const bare = name.replace(/^\*?\./, '');
      return bare === '*' || host === bare || `[${bare}]` === host || host.endsWith(`.${bare}`);
    });
}
