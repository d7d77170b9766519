/** Runs in Redis: inserted once, begun in turn, few bytes each, changed by hand, forgotten at last. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { archiveKey } from '../../engine/archive/archive-runs.ts';
import { dag } from '../../engine/dag.ts';
import { dagStore } from '../../engine/dag-store.ts';
import { pruneRuns } from '../../engine/reconciler.ts';
import { refusalOf } from '../../engine/redis-refusals.ts';
import { allScripts } from '../../engine/redis-scripts.ts';
import { defineTask } from '../../engine/task.ts';
import { isFlyerlineError } from '../../infra/errors.ts';
import { programVersion } from '../../infra/program-version.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { each, list, numbers } from './mapped-tasks.ts';
import { type StoreFixture, storeFixture } from './store-fixture.ts';

const noop = defineTask({ name: 'noop', run: () => {} });
const sum = defineTask({ name: 'sum', reads: { all: numbers }, run: () => {} });

const manual = { schedule: null } as const;
const pair = dag('pair', { ...manual, activeRunsMax: 2 }, (task) => {
  const first = task(noop, {}, { id: 'first' });
  task(noop, {}, { id: 'second', after: [first] });
});
const wide = dag('wide', { ...manual, activeRunsMax: 1_000 }, (task) => {
  for (let n = 0; n < 64; n += 1) task(noop, {}, { id: `bucket-${n}` });
});
const mapped = dag('mapped', manual, (task) => {
  const all = task(list, {});
  task(sum, { all: task(each, { n: all }) });
});

describeWith(redisInstalled, 'the run store', () => {
  const server = useRedis();
  let store: StoreFixture;
  beforeEach(() => {
    store = storeFixture(server.connect(), server.uniquePrefix());
  });

  it('inserts a run once per run id, whoever comes second', async () => {
    const results = await Promise.all(
      [1, 2, 3].map(() =>
        store.runs.insertRun({ graph: pair.graph, runId: 'r', kind: 'manual', interval: INTERVAL }),
      ),
    );
    expect(results.filter(({ inserted }) => inserted)).toHaveLength(1);
    expect(new Set(results.map(({ seq }) => seq)).size).toBe(1);
    expect(store.ready).toHaveLength(1);
  });

  it('shows what a run was made with: note, conf, and the version of the program', async () => {
    const conf = { ticket: 42, asked: ['a', 'b'] };
    const ref = await store.insert(pair, '2018-10-01', { note: 'as asked', conf });
    expect(await store.reader.getRun(ref)).toMatchObject({
      note: 'as asked',
      conf,
      code: programVersion(),
      version: pair.graph.version,
    });
    const large = { text: 'x'.repeat(20_000) };
    await expect(store.insert(pair, '2018-10-02', { conf: large })).rejects.toThrow(/conf of more than/);
  });

  it('begins runs in the order of their intervals, as many at a time as the DAG allows', async () => {
    for (const day of ['2018-10-04', '2018-10-01', '2018-10-03', '2018-10-02']) await store.insert(pair, day);
    const states = async () =>
      (await store.reader.listRuns()).map(({ day, state }) => `${day} ${state}`).sort();
    // The first two came when there was room.
    expect(await states()).toEqual([
      '2018-10-01 running',
      '2018-10-02 queued',
      '2018-10-03 queued',
      '2018-10-04 running',
    ]);
    const [first] = store.ready.splice(0, 2);
    await store.finish(await store.claim(first!.id));
    const [second] = store.ready.splice(0, 1);
    await store.finish(await store.claim(second!.id));
    expect(await states()).toEqual(
      ['2018-10-01 queued', '2018-10-02 running', '2018-10-03 queued', '2018-10-04 success'].map((line) =>
        line.replace('2018-10-01 queued', '2018-10-01 running'),
      ),
    );
  });

  it('begins none while the lane is paused', async () => {
    await store.runs.pauseLane('pair', true);
    const ref = await store.insert(pair);
    expect(await store.reader.getRun(ref)).toMatchObject({ state: 'queued' });
    await store.runs.pauseLane('pair', false);
    await store.engine.transition('take-outbox', [10]);
    expect(await store.reader.getRun(ref)).toMatchObject({ state: 'running' });
  });

  it('lets runs by hand pass scheduled ones of a DAG that is paused', async () => {
    await dagStore(store.engine).register(pair);
    await dagStore(store.engine).pause('pair', true);
    const scheduled = await store.insert(pair, '2018-10-01', { kind: 'scheduled', runId: 'scheduled__1' });
    const byHand = await store.insert(pair, '2018-10-02');
    expect((await store.reader.getRun(scheduled)).state).toBe('queued');
    expect((await store.reader.getRun(byHand)).state).toBe('running');
  });

  it('keeps a finished task instance in less than 1 KB', async () => {
    const count = 60;
    await store.setHands(64);
    await store.insert(wide, '2018-01-01');
    await store.workOff();
    const before = await usedMemory(store);
    for (let n = 0; n < count; n += 1) {
      const day = new Date(Date.UTC(2018, 1, 1 + n)).toISOString().slice(0, 10);
      await store.insert(wide, day);
      await store.workOff();
    }
    const perInstance = ((await usedMemory(store)) - before) / (count * 64);
    expect(perInstance).toBeLessThan(1_000);
  });

  it('writes nothing per instance when a task is mapped over 10,000 elements', async () => {
    await store.setHands(4);
    const ref = await store.insert(mapped);
    const result = Array.from({ length: 10_000 }, (_, n) => n);
    await store.finish(await store.claim(store.ready.shift()!.id), { result, listLength: result.length });
    expect(store.ready).toHaveLength(4);
    expect(await store.redis.hlen(store.keys.run(await store.runs.seqOf(ref)))).toBeLessThan(40);
    const view = await store.reader.getRun(ref);
    expect(view.tasks.filter(({ taskId, state }) => taskId === 'each' && state === 'scheduled')).toHaveLength(
      10_000,
    );
    const last = await store.claim(store.ready.pop()!.id);
    expect(last.inputsJson).toBe('{"n":3}');
    expect(await store.runs.cancelRun(ref, 'enough')).toBe(true);
    expect((await store.reader.getRun(ref)).state).toBe('failed');
  });

  it('runs a cleared task and what is behind it again, and keeps counting attempts', async () => {
    const ref = await store.insert(pair);
    await store.workOff();
    const targets = [{ taskId: 'first' }, { taskId: 'second' }];
    expect(await store.runs.clearRun(ref, targets)).toBe('running');
    expect(await store.workOff()).toEqual(['first', 'second']);
    expect(await store.reader.getRun(ref)).toMatchObject({
      state: 'success',
      tasks: [{ attempts: 2 }, { attempts: 2 }],
    });
  });

  it('lets a person end a task with a result that others read', async () => {
    const ref = await store.insert(mapped);
    const result = [10, 20];
    expect(await store.runs.markRun(ref, { taskId: 'list', state: 'success', note: 'by hand', result })).toBe(
      'running',
    );
    store.ready.shift(); // Its own job: nobody needs it any more.
    const inputs: string[] = [];
    await store.workOff((claimed) => {
      inputs.push(claimed.inputsJson);
      return { result: claimed.taskId };
    });
    expect(inputs.sort()).toEqual(['{"all":["each","each"]}', '{"n":10}', '{"n":20}']);
  });

  it('names what does not exist when it is to be changed', async () => {
    const ref = await store.insert(pair);
    const usage = (error: unknown) => isFlyerlineError(error, 'FL_USAGE');
    await expect(store.runs.clearRun(ref, [{ taskId: 'third' }])).rejects.toSatisfy(usage);
    const mark = { taskId: 'first', mapIndex: 3, state: 'failed', note: '' } as const;
    await expect(store.runs.markRun(ref, mark)).rejects.toSatisfy(usage);
    const unknown = (error: unknown) => isFlyerlineError(error, 'FL_RUN_UNKNOWN');
    await expect(store.reader.getRun({ dagId: 'pair', runId: 'none' })).rejects.toSatisfy(unknown);
  });

  it('forgets the oldest ended runs, and none that goes on', async () => {
    const days = ['2018-10-01', '2018-10-02', '2018-10-03'];
    const refs = [];
    for (const day of days) {
      refs.push(await store.insert(pair, day));
      if (day !== '2018-10-01') await store.workOff();
      else store.ready.splice(0);
    }
    // Not before the lake has their history.
    expect(await pruneRuns(store.engine, store.runs, 1)).toBe(0);
    await store.redis.del(archiveKey(store.engine));
    expect(await pruneRuns(store.engine, store.runs, 1)).toBe(1);
    expect((await store.reader.listRuns({ dagId: 'pair' })).map(({ day }) => day)).toEqual([
      '2018-10-03',
      '2018-10-01',
    ]);
    expect(
      await store.redis.exists(store.keys.run('2'), store.keys.results('2'), store.keys.history('2')),
    ).toBe(0);
    // It is gone, so it may be made again.
    expect((await store.insert(pair, '2018-10-02')).runId).toBe(refs[1]!.runId);
  });

  it('shows each change to who watches, and ends with its signal', async () => {
    const ref = await store.insert(pair);
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const [run] of store.reader.watchRuns({ dagId: 'pair' }, { pollMs: 5, signal: stop.signal })) {
      const now = run!.tasks.map(({ state }) => state).join(' ');
      if (seen.at(-1) !== now) seen.push(now);
      if (run!.state === 'success') stop.abort();
      else if (store.ready.length > 0) await store.finish(await store.claim(store.ready.shift()!.id));
    }
    expect(seen).toEqual(['scheduled none', 'success scheduled', 'success success']);
    expect((await store.reader.listRuns({ state: 'success' })).map(({ runId }) => runId)).toEqual([
      ref.runId,
    ]);
    expect(await store.reader.listRuns({ state: 'failed' })).toEqual([]);
  });
});

it('every refusal of the scripts has a name, the same on both sides', () => {
  const base = readFileSync(join(import.meta.dirname, '../../engine/lua/includes/base.lua'), 'utf8');
  const codes = [...base.matchAll(/^fl\.([A-Z_]+) = (-\d+)$/gm)].map(
    ([, name, code]) => [name, Number(code)] as const,
  );
  expect(codes.length).toBeGreaterThan(5);
  for (const [name, code] of codes) expect(refusalOf([code])).toBe(name!.toLowerCase().replaceAll('_', '-'));
});

it('every script says what it takes and gives', () => {
  expect(allScripts().size).toBeGreaterThan(10);
  for (const [name, lua] of allScripts()) {
    const header = /^--\[\[([\s\S]*?)\]\]/.exec(lua)?.[1] ?? '';
    expect(header, name).toMatch(/ARGV {3}1 prefix/);
    expect(header, name).toContain('Result');
  }
});

const INTERVAL = {
  startMs: 0,
  startIso: '1970-01-01T00:00:00Z',
  endIso: '1970-01-02T00:00:00Z',
  day: '1970-01-01',
};

async function usedMemory({ redis }: StoreFixture): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))![1]);
}
