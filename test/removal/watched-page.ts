// The page of a watched site. It logs in when it is told to, says what it hears, and tells its server of everything that it
// finds left in the browser: cookies that scripts can read, local and session storage, the Cache API, IndexedDB.

/** `who`: who is logged in, if anybody is; `session`: its number. */
export function watchedPage(title: string, session: { name: string; number: number } | undefined): string {
  const who = session === undefined ? '' : `<p id="who" data-session="${session.number}">${session.name}</p>`;
  return `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${who}<script>${script}</script>`;
}

const script = `
  const session = document.querySelector('#who')?.dataset.session ?? '';
  const page = crypto.randomUUID();
  const json = { 'Content-Type': 'application/json' };
  const post = (path, body) => fetch(path, { method: 'POST', headers: json, body: JSON.stringify(body), keepalive: true });

  async function foundHere() {
    const found = [localStorage.mine, sessionStorage.mine, ...(await caches.keys())];
    for (const { name } of await indexedDB.databases()) found.push(name);
    return found.filter((value) => value);
  }

  async function leaveTraces() {
    localStorage.mine = sessionStorage.mine = session;
    await caches.open(session);
    await new Promise((resolve) => (indexedDB.open(session).onsuccess = ({ target }) => resolve(target.result.close())));
  }

  globalThis.logIn = async () => {
    try {
      const { nonce, logout } = await (await post('/nonce', { found: await foundHere() })).json();
      const token = await kortbro.authenticate({ nonce, logout });
      const answer = await post('/login', token);
      const said = await answer.json();
      return answer.ok ? { name: said.name } : { code: said.code };
    } catch (error) {
      return { code: error.code ?? String(error) };
    }
  };

  globalThis.kortbro?.on('loggedout', (event) => {
    // Sent on its way and not waited for: what is measured is how long logging out takes, not this.
    void post('/heard', { id: crypto.randomUUID(), document: page, session, reason: event.reason, at: Date.now() });
  });
  globalThis.marked = session === '' ? Promise.resolve() : leaveTraces();
`;
