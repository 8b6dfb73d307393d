// A second Chromium beside the one of this folder, with a profile of its own and without a debugger: what Chromium does only for
// pages that nobody watches (prerendering, ending a worker) happens in it. Nobody can look into it either: its pages act by
// themselves and say what they meet at paths of their sites.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { browserEnvironment, findChromium, prepareProfile } from '../../demo/chromium.ts';
import { until } from '../../demo/demo-agent.ts';
import { type AttackBrowser } from './attack-browser.ts';

let count = 0;

/** Script: tells the test `value` under the name `what`. */
export const sayScript = `
  const say = (what, value) => fetch('/said/' + what, { method: 'POST', body: JSON.stringify(value) });`;

/** Starts one that goes to `url`. @returns what ends it */
export function startUnwatchedBrowser({ target: { agent }, words }: AttackBrowser, url: string): () => Promise<void> {
  const profile = join(agent.directory, `unwatched-${++count}`);
  prepareProfile(profile, agent.dist);
  // Chromium 156 may let a page wait for ever that it loads while it loads an extension: it is tried again until it comes.
  const start = `data:text/html,<script>setInterval(() => { location.href = '${url}'; }, 3000)</script>`;
  const own = ['--headless=new', `--user-data-dir=${profile}`, '--password-store=basic', '--disable-popup-blocking'];
  const environment = browserEnvironment(agent.environment, 'en');
  const child = spawn(findChromium(), [...own, ...words, start], { env: environment, stdio: 'ignore' });
  return async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  };
}

/** What a page has said under the name `what` since `from`, a number of requests; waited for. */
export async function said<T>({ requests }: AttackBrowser, what: string, from = 0): Promise<T> {
  const find = () => requests.slice(from).find(({ path }) => path === `/said/${what}`);
  await until(() => find() !== undefined, 30_000, `no page says anything of "${what}"`);
  return JSON.parse(find()?.body ?? '') as T;
}
