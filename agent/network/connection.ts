// How the agent reaches a site's server: names, addresses and TLS. Every certificate is verified, whatever the environment says.
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type Duplex } from 'node:stream';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';

/** Whether this is the machine itself: localhost, a name below it (RFC 6761 6.3), or a loopback address. */
export function isLoopback(host: string): boolean {
  return isLocalName(host) || /^127\.\d+\.\d+\.\d+$|^\[?::1\]?$/.test(host);
}

/** Host and port of an address as sockets want them: no brackets around IPv6, the scheme's port where none is named. */
export function hostAndPort({ protocol, hostname, port }: URL): { host: string; port: number } {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (port !== '') return { host, port: Number(port) };
  return { host, port: protocol === 'https:' ? 443 : 80 };
}

/** Node's own lookup, but for names below localhost: no resolver is asked for those, as browsers do not ask. */
export const lookupSite: LookupFunction = (hostname, options, callback) => {
  if (!isLocalName(hostname)) lookup(hostname, options, callback);
  else if (options.all !== true) callback(null, '127.0.0.1', 4);
  else callback(null, localAddresses);
};

/**
 * A TLS connection to the server of `address`, over `tunnel` if there is one. An expired, foreign or unknown certificate ends
 * it with an error. No client certificate, no session from an earlier connection.
 */
export function connectSecurely(address: URL, secureContext: SecureContext, tunnel?: Duplex): TLSSocket {
  const { host, port } = hostAndPort(address);
  return connect({
    host,
    port,
    lookup: lookupSite,
    secureContext,
    ALPNProtocols: ['http/1.1'],
    // A server name indication is never an address (RFC 6066 3).
    servername: isIP(host) === 0 ? host : '',
    // Said, not left to the default: that one is NODE_TLS_REJECT_UNAUTHORIZED's.
    rejectUnauthorized: true,
    ...(tunnel === undefined ? {} : { socket: tunnel }),
  });
}

const localAddresses = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

function isLocalName(host: string): boolean {
  return /(?:^|\.)localhost\.?$/.test(host);
}
