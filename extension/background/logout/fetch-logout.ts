// Calls a site's own address for logging out with the visitor's cookies, as a page of the site would. A site that takes
// only requests of its own pages (a CSRF check) is not reached this way.

/** Milliseconds. */
const patience = 2_000;

/** Resolves when the site has answered, whatever it says. @throws when it has not within 2 s */
export async function fetchLogout(url: string): Promise<void> {
  const answer = await fetch(url, { credentials: 'include', cache: 'no-store', signal: AbortSignal.timeout(patience) });
  await answer.body?.cancel();
}
