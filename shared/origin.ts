// What counts as the origin of a web page (RFC 6454, HTML "serialization of an origin"). Refused, never repaired.
import { limits } from './limits.ts';

/**
 * Whether `text` is a canonical https origin: scheme://host[:port], no slash, no user, no upper case, default port left out.
 * `allowLocalhost` lets http://localhost[:port] pass, for development.
 */
export function isSecureOrigin(text: string, allowLocalhost = false): boolean {
  if (text.length > limits.originLength) return false;
  const url = parseUrl(text);
  if (url?.origin !== text || !/^[a-z0-9.-]+$|^\[[0-9a-f:.]+\]$/.test(url.hostname)) return false;
  return url.protocol === 'https:' || (allowLocalhost && url.protocol === 'http:' && url.hostname === 'localhost');
}

/** The origin to which an absolute address belongs, if it is one of a secure site and names no user; else undefined. */
export function secureOriginOf(address: string, allowLocalhost = false): string | undefined {
  const url = parseUrl(address);
  if (url === undefined || url.username !== '' || url.password !== '') return undefined;
  return isSecureOrigin(url.origin, allowLocalhost) ? url.origin : undefined;
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
