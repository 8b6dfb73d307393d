// What counts as the origin of a web page (RFC 6454, HTML "serialization of an origin"). Refused, never repaired.
import { limits } from './limits.ts';

/**
 * Whether `text` is a canonical https origin: scheme://host[:port], no slash, no user, no upper case, default port left out.
 * `allowLocalhost` lets http://localhost[:port] pass, for development.
 */
export function isSecureOrigin(text: string, allowLocalhost = false): boolean {
  if (text.length > limits.originLength) return false;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return false;
  }
  if (url.origin !== text || !/^[a-z0-9.-]+$|^\[[0-9a-f:.]+\]$/.test(url.hostname)) return false;
  return url.protocol === 'https:' || (allowLocalhost && url.protocol === 'http:' && url.hostname === 'localhost');
}
