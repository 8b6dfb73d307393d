// Starts a Chromium by program, and once more if it hangs: Debian's Chromium 156 with an extension that has declarativeNetRequest, as
// ours, at times never loads the empty tab it opens first, on a busy machine above all, and Playwright waits for that.
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, errors, type BrowserContext } from 'playwright-core';
import { until } from './demo-agent.ts';

/** How long a first start may take, in milliseconds; 1 to 10 s are usual. */
const patience = 20_000;

type LaunchOptions = NonNullable<Parameters<typeof chromium.launchPersistentContext>[1]>;

/** As Playwright's `launchPersistentContext`; standard error tells of a start that hung. */
export async function launchChromium(profile: string, options: LaunchOptions): Promise<BrowserContext> {
  try {
    return await chromium.launchPersistentContext(profile, { ...options, timeout: patience });
  } catch (error) {
    if (!(error instanceof errors.TimeoutError)) throw error;
    process.stderr.write(`The browser hung at its start for ${patience / 1000} s, and is started again.\n`);
    await until(() => !isRunning(profile), 10_000, 'the browser that hung does not end');
    return chromium.launchPersistentContext(profile, options);
  }
}

/** By the lock that a browser keeps in its profile, which names its process. */
function isRunning(profile: string): boolean {
  try {
    const owner = readlinkSync(join(profile, 'SingletonLock'));
    process.kill(Number(owner.slice(owner.lastIndexOf('-') + 1)), 0);
    return true;
  } catch {
    return false;
  }
}
