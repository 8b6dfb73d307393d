// The proxies for an address by the user's own settings: script (PAC), automatic detection, or written by hand. Windows.
import { addon } from './addon.ts';

/** In WinHTTP's forms: "proxy:8080", "http=one:80;https=two:80"; "*.example.se;<local>". */
export interface ProxySettings {
  readonly proxies: string;
  readonly bypass: string;
}

/** Proxies for an http or https address, best first, as "http://host:port"; none: it is reached directly. Off the main thread. */
export async function proxyFor(url: string): Promise<string[]> {
  return proxiesIn(await addon().systemProxy(url), new URL(url));
}

/** What `proxyFor` makes of the settings. Proxies that are not for HTTP (socks=) are left out. */
export function proxiesIn({ proxies, bypass }: ProxySettings, url: URL): string[] {
  if (isBypassed(url, bypass)) return [];
  const scheme = url.protocol.slice(0, -1);
  const entries = wordsIn(proxies).map((entry) => {
    const [, of, address = ''] = /^(?:([a-z]+)=)?(.*)$/i.exec(entry) ?? [];
    return { of: of?.toLowerCase(), address };
  });
  const own = entries.filter((entry) => entry.of === scheme);
  const chosen = own.length > 0 ? own : entries.filter((entry) => entry.of === undefined);
  return chosen.flatMap(({ address }) => asAddress(address) ?? []);
}

function asAddress(text: string): string | undefined {
  const address = text.includes('://') ? text : `http://${text}`;
  if (!/^https?:/i.test(address) || !URL.canParse(address)) return undefined;
  const { protocol, hostname, port } = new URL(address);
  return `${protocol}//${hostname}:${port === '' ? defaultPort(protocol) : port}`;
}

/** Patterns of "*", a scheme before and a port behind where the pattern has them; `<local>` is a name without a dot. */
function isBypassed(url: URL, bypass: string): boolean {
  const port = url.port === '' ? defaultPort(url.protocol) : url.port;
  return wordsIn(bypass.toLowerCase()).some((entry) => {
    if (entry === '<local>') return !/[.:]/.test(url.hostname);
    const [, scheme, host = '', ownPort] = /^(?:([a-z]+):\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?/.exec(entry) ?? [];
    if (scheme !== undefined && `${scheme}:` !== url.protocol) return false;
    if (ownPort !== undefined && ownPort !== port) return false;
    const pattern = host
      .split('*')
      .map((part) => part.replace(/[^a-z\d-]/g, '\\$&'))
      .join('.*');
    return host !== '' && new RegExp(`^${pattern}$`).test(url.hostname);
  });
}

function wordsIn(list: string): string[] {
  return list.split(/[\s;]+/).filter((word) => word !== '');
}

function defaultPort(protocol: string): string {
  return protocol === 'https:' ? '443' : '80';
}
