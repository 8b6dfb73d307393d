// Walks a story step by step and writes down how it went: {"steps":[{"name","ok","ms"}...]} and a picture of each step beside it.
// After a step that fails the others are not taken: they would only tell of the same fault.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type StoryStep } from './story.ts';

export interface StepReport {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** Why it is not ok. */
  readonly reason?: string;
}

export interface StoryReport {
  readonly steps: readonly StepReport[];
}

/** Takes every step; `told` hears of each as soon as it is over. Never rejects. */
export async function walkStory(
  steps: readonly StoryStep[],
  told: (step: StepReport) => void = () => undefined,
): Promise<StoryReport> {
  const reports: StepReport[] = [];
  for (const step of steps) {
    const failed = reports.find(({ ok }) => !ok);
    const report = failed === undefined ? await walkStep(step) : notTaken(step, failed);
    reports.push(report);
    told(report);
  }
  return { steps: reports };
}

/** Where the pictures of a report lie, made: FILE.json -> FILE-pictures/01-NAME.png. */
export function pictureKeeper(reportFile: string): (name: string, png: Buffer) => void {
  const directory = join(dirname(reportFile), `${basename(reportFile).replace(/\.json$/, '')}-pictures`);
  let number = 0;
  return (name, png) => {
    mkdirSync(directory, { recursive: true });
    number += 1;
    writeFileSync(join(directory, `${String(number).padStart(2, '0')}-${name}.png`), png);
  };
}

async function walkStep(step: StoryStep): Promise<StepReport> {
  const { name } = step;
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  try {
    await step.run();
    return { name, ok: true, ms: ms() };
  } catch (error) {
    return { name, ok: false, ms: ms(), reason: error instanceof Error ? error.message : String(error) };
  }
}

function notTaken({ name }: StoryStep, failed: StepReport): StepReport {
  return { name, ok: false, ms: 0, reason: `not taken: "${failed.name}" failed` };
}
