/** A race of small programs: who differs, fails or cannot run is told from who is fine, and the others still count. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Contender } from '../../bench/compute/contenders.ts';
import type { Dataset } from '../../bench/compute/dataset.ts';
import { Race } from '../../bench/compute/race.ts';
import { useTempDir } from '../support/temp-dir.ts';

const HEADER =
  'user_id,day,merchant_id,flyer_id,views,measured_views,bounce_views,item_opens,first_open_ts,dwell_s,suspect';
const FACTS = `${HEADER}\nu1,2018-10-01,9,1,2,2,0,3,1538402400,120.5,0\n`;

const temp = useTempDir();
const dataset: Dataset = {
  events: 2_000_000,
  format: 'csv',
  day: '2018-10-01',
  drops: temp.path,
  rowCount: 2_000_000,
  dropCount: 0,
  bytes: 0,
};

/** Writes these facts and then does what `script` says; `job` is what it was asked to do. */
function contender(
  name: string,
  facts: string,
  script = '',
  eventsMax = Number.POSITIVE_INFINITY,
): Contender {
  const code = `
    const job = JSON.parse(process.argv[1]);
    require('node:fs').writeFileSync(job.out + '/facts.csv', ${JSON.stringify(facts)});
    ${script}`;
  return {
    name,
    note: '',
    eventsMax,
    findMissing: async () => undefined,
    command: (job) => ({ args: [process.execPath, '-e', code, JSON.stringify(job)] }),
    facts: '*.csv',
  };
}

async function race(
  contenders: readonly Contender[],
  { runs = 1, missing = new Map<string, string>() } = {},
) {
  const options = { workDir: temp.fresh(), threads: 1, signal: new AbortController().signal };
  const running = new Race(dataset, contenders, missing, options);
  for (let run = 0; run < runs; run++) for (const one of contenders) await running.run(one);
  return running.results();
}

it('tells who found something else, and shows a row of it', async () => {
  const other = FACTS.replace('120.5', '120.25');
  const [first, same, different] = await race([
    contender('first', FACTS),
    contender('same', FACTS),
    contender('different', other),
  ]);
  expect(first).toMatchObject({ state: 'ok', facts: { rowCount: 1, views: 2, dwellS: 120.5 } });
  expect(same).toMatchObject({ state: 'ok' });
  expect(different).toMatchObject({ state: 'different', difference: { missing: 1, unexpected: 1 } });
  expect(different!.difference!.samples.join()).toContain('120.25');
});

it('gives the reason of a failure, and starts who failed only once', async () => {
  const marker = join(temp.fresh(), 'starts');
  const count = `require('node:fs').appendFileSync(${JSON.stringify(marker)}, 'x');`;
  const results = await race(
    [
      contender('first', FACTS),
      contender('said on stderr', FACTS, `${count} console.error('first\\nout of luck'); process.exit(3)`),
      contender(
        'said as JSON',
        FACTS,
        `console.log(JSON.stringify({ reason: 'no drops' })); process.exit(1)`,
      ),
    ],
    { runs: 2 },
  );
  expect(results.map(({ state, reason }) => [state, reason])).toEqual([
    ['ok', undefined],
    ['failed', 'exit code 3: out of luck'],
    ['failed', 'exit code 1: no drops'],
  ]);
  expect(readFileSync(marker, 'utf8')).toBe('x');
});

it('leaves out who cannot run here, and whom the day is too large for', async () => {
  const results = await race(
    [contender('first', FACTS), contender('a', FACTS), contender('b', FACTS, '', 1e6)],
    {
      missing: new Map([['a', 'Java is not installed']]),
    },
  );
  expect(results.map(({ state, reason }) => [state, reason])).toEqual([
    ['ok', undefined],
    ['not run', 'Java is not installed'],
    ['not run', 'at most 1 M events'],
  ]);
});

it('gives medians, speed and how much longer others take', async () => {
  const slow = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);';
  const stages = `console.log(JSON.stringify({ stages: { all: 12 } }));`;
  const [first, second] = await race([contender('first', FACTS, stages), contender('second', FACTS, slow)], {
    runs: 3,
  });
  expect(first!.runs).toHaveLength(3);
  const walls = first!.runs.map(({ wallMs }) => wallMs).sort((a, b) => a - b);
  expect(first).toMatchObject({ wallRatio: 1, stages: { all: 12 }, figures: { wallMs: walls[1] } });
  expect(first!.eventsPerSecond).toBeCloseTo(2_000_000 / (walls[1]! / 1000));
  expect(second!.figures!.wallMs).toBeGreaterThan(400);
  expect(second!.wallRatio).toBeCloseTo(second!.figures!.wallMs / walls[1]!);
});
