// The Windows executables under Wine beside the Linux programs, in one run: how long they take to start, and their memory once the
// agent answers, without a card. Wine's own share is measured with a program that does nothing.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { AgentUnderTest } from '../support/agent-under-test.ts';
import { processTable } from '../support/processes.ts';
import { packages, packedFiles } from '../windows/packages.ts';
import { startWine, windowsPath } from '../windows/lane/wine.ts';
import { privateMegabytes, residentMegabytes } from './memory.ts';
import { percentile, repeat, rounded, type Figures } from './figures.ts';

const times = 9;

/** Adds windows.*. Needs the Windows lane and `npm run build:windows`. */
export async function benchWindows(figures: Figures): Promise<void> {
  const wine = await startWine({ share: [packages] });
  const linux = await AgentUnderTest.start();
  try {
    const program = (name: string): string => `${windowsPath(packedFiles)}\\${name}`;
    const median = async (name: string, action: () => Promise<unknown>) =>
      figures.set(name, rounded(percentile(await repeat(times, action), 0.5)));
    const command = (...words: readonly string[]): Promise<unknown> => {
      const { environment } = linux;
      spawnSync(process.execPath, [join(linux.dist, 'agent/kortbro.js'), ...words], { env: environment });
      return Promise.resolve();
    };
    await wine.run(['cmd', '/c', 'exit']);
    await median('windows.start.nothing_ms', () => wine.run(['cmd', '/c', 'exit']));
    await median('windows.start.command_ms', () => wine.run([program('kortbro.exe'), '--version']));
    await median('windows.start.command_linux_ms', () => command('--version'));
    await wine.run([program('kortbro.exe'), 'status']);
    await median('windows.start.status_ms', () => wine.run([program('kortbro.exe'), 'status']));
    await median('windows.start.status_linux_ms', () => command('status'));
    const windowsAgent = processTable().find(
      ({ command: words }) => words.includes('kortbro-agent.exe\0') && !words.includes('--module-host'),
    );
    for (const [system, processId] of [
      ['', windowsAgent?.processId],
      ['linux_', linux.processId],
    ] as const) {
      figures.set(`windows.rss.agent_${system}mb`, residentMegabytes(processId));
      figures.set(`windows.private.agent_${system}mb`, privateMegabytes(processId));
    }
  } finally {
    await linux.stop();
    await wine.end();
  }
}
