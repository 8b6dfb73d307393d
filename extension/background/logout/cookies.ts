// Takes away every cookie that a browser would send to one host: host-only ones, those of parent domains, all paths,
// partitioned ones, in every cookie store that the extension sees. A site with the same registrable domain keeps its own.

/** A host name without port, as URL.hostname gives it. Whether the browser sends this cookie there (RFC 6265 5.1.3). */
export function isSentTo(
  { domain, hostOnly }: Pick<chrome.cookies.Cookie, 'domain' | 'hostOnly'>,
  host: string,
): boolean {
  const name = domain.replace(/^\./, '');
  return name === host || (!hostOnly && host.endsWith(`.${name}`));
}

/** Rounds until a site counts as one that sets its cookies faster than they are taken away. */
const rounds = 5;

/** Resolves when a look has found none. @throws when there still are some after a few rounds */
export async function clearCookies(host: string): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const found = await cookiesOf(host);
    if (found.length === 0) return;
    await Promise.all(found.map((cookie) => removeCookie(cookie, host)));
  }
  throw new Error('cookies are left');
}

async function cookiesOf(host: string): Promise<chrome.cookies.Cookie[]> {
  const stores = await chrome.cookies.getAllCookieStores();
  const found = await Promise.all(
    // An empty partition key asks for those with and without one.
    stores.map(({ id }) => chrome.cookies.getAll({ storeId: id, partitionKey: {} })),
  );
  return found.flat().filter((cookie) => isSentTo(cookie, host));
}

/**
 * Takes one away that is sent to `host`. Named by the host's own address: by the cookie's domain, a cookie of the same name of the
 * parent's alone would go too.
 */
export async function removeCookie(
  { name, path, storeId, partitionKey }: chrome.cookies.Cookie,
  host: string,
): Promise<void> {
  const details: chrome.cookies.CookieDetails = { url: `https://${host}${path}`, name, storeId };
  if (partitionKey !== undefined) details.partitionKey = partitionKey;
  await chrome.cookies.remove(details);
}
