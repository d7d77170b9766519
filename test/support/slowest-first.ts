/** The order of test files: short files that take long begin first. Vitest would have them last, alone on one core, where it knows no earlier run. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of each kind of tests, those that take longer than their size tells. */
const SLOW = [
  'bench/chaos',
  'bench/backfill',
  'explain/explain-cases',
  'dwell/export-invariance',
  'lake/store',
];

const isSlow = ({ moduleId }: TestSpecification) =>
  SLOW.some((name) => moduleId.endsWith(`/${name}.test.ts`));

export class SlowestFirst extends BaseSequencer {
  /** Keeps projects together. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project.name);
    return [...byProject.values()].flatMap((some) => [
      ...some.filter(isSlow),
      ...some.filter((file) => !isSlow(file)),
    ]);
  }
}
