// Figures of one run: named numbers, and the few statistics that are made of repeated times.

export type Figures = Map<string, number>;

/** The value below which `share` (0 to 1) of the sorted values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Milliseconds that `action` takes, `times` times. */
export async function repeat(times: number, action: () => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const started = performance.now();
    await action();
    taken.push(performance.now() - started);
  }
  return taken;
}

/** Rounded to two decimals: more is noise. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
