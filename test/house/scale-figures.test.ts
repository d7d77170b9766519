/** docs/internals/how-it-scales.md shows the figures of bench/compute/scale.json, and what follows from them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import figures from '../../bench/compute/scale.json' with { type: 'json' };
import { extrapolatedTable, measuredTable, type ScaleFigures } from '../../bench/compute/scale-tables.ts';
import { PROJECT_ROOT } from '../../cli/project-root.ts';

const page = readFileSync(join(PROJECT_ROOT, 'docs/internals/how-it-scales.md'), 'utf8');
const shown = (name: string) =>
  new RegExp(`<!-- figures: ${name} -->\n([\\s\\S]*?)\n<!-- /figures -->`).exec(page)?.[1];

describe('docs/internals/how-it-scales.md', () => {
  it('shows what was measured, and nothing else', () => {
    expect(shown('measured')).toBe(measuredTable(figures));
    const some = figures.measured.runs.some(({ cpuS }) => cpuS !== null);
    expect(figures.measured.machine !== null, 'the machine is named once something was measured').toBe(some);
  });

  it('shows what follows from it', () => {
    expect(shown('extrapolated')).toBe(extrapolatedTable(figures));
  });
});

describe('the extrapolation', () => {
  it('is per event that of the largest measured run', () => {
    const runs = [
      { events: 1e6, cpuS: 9 },
      { events: 1e7, cpuS: 36 },
    ].map((run) => ({ ...run, wallS: 1, peakRssMiB: 1, writtenMiB: 1 }));
    const measured: ScaleFigures = { ...figures, measured: { ...figures.measured, runs } };
    // A trillion × 3.6 µs is a million core hours ÷ 1000; at 70 % and 4.25 cents.
    expect(extrapolatedTable(measured)).toContain('| core hours, the year | 87 | 1,000 |');
    expect(extrapolatedTable(measured)).toContain(`USD | 5 | ${Math.round((1000 / 0.7) * 0.0425)} |`);
    expect(measuredTable(measured)).toContain('| 10,000,000 | 1.0 | 36.0 | 3.60 |');
  });

  it('leaves open what rests on no measurement', () => {
    const nothing = { ...figures, measured: { ...figures.measured, runs: [] } };
    expect(extrapolatedTable(nothing)).toContain('| core hours, the year | – | – |');
  });
});
