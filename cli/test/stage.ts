/** What a stage of `flyerline test` comes to: counts, skips with reasons, and what to read when it failed. */

export interface SkippedTest {
  readonly name: string;
  readonly reason: string;
}

export interface StageResult {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
  readonly durationMs: number;
  /** What the tool printed; shown when something failed. */
  readonly output: string;
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function tallyOf(stages: readonly StageResult[]): Tally {
  const sum = (count: (stage: StageResult) => number) =>
    stages.reduce((total, stage) => total + count(stage), 0);
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped.length),
  };
}

/** `12 passed, 0 failed, 1 skipped`: the line that programs look for, always without colours. */
export function tallyLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
