// A screen for a Windows of the lane: Xvfb in the lane's Debian, which ends with that Windows.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { within } from '../../native-host/within.ts';
import { type Wine } from './wine.ts';

/** Width and height. */
export const screenSize = [1024, 768] as const;

/** @returns its name, for DISPLAY */
export async function startScreen(wine: Wine): Promise<string> {
  const size = `${screenSize[0]}x${screenSize[1]}x24`;
  const command = ['Xvfb', '-displayfd', '1', '-screen', '0', size, '-nolisten', 'tcp', '-noreset'];
  const [program, ...words] = wine.words(command);
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [display] = (await within(20_000, once(child.stdout, 'data'), 'a screen')) as [Buffer];
  return `:${display.toString().trim()}`;
}
