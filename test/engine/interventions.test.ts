/** What people do to a run, by example: clear, mark, cancel. Every step is checked by a recount. */
import { describe, expect, it } from 'vitest';
import { driveRun, graphOf } from '../support/run-driver.ts';

const chain = graphOf({ a: {}, b: { upstream: ['a'] }, c: { upstream: ['b'] } });
const mapped = graphOf({
  list: {},
  each: { upstream: ['list'], expand: 'list' },
  join: { upstream: ['each'] },
});

describe('clear', () => {
  it('sets tasks back and runs them again, with higher attempt numbers', () => {
    const run = driveRun(chain);
    run.start();
    run.succeed('a');
    run.fail('b');
    expect(run.state.state).toBe('failed');
    expect(run.send({ type: 'clear', targets: [{ taskId: 'b' }, { taskId: 'c' }], nowMs: 5000 })).toEqual([
      { type: 'run-reopened' },
      { type: 'schedule', taskId: 'b', mapIndex: -1, attempt: 2, dueMs: 5000 },
    ]);
    run.succeed('b');
    run.succeed('c');
    expect(run.state.state).toBe('success');
  });

  it('stops what runs and fences it out', () => {
    const run = driveRun(chain);
    run.start();
    run.claim('a');
    const zombie = run.held('a');
    const effects = run.send({ type: 'clear', targets: [{ taskId: 'a' }], nowMs: 5000 });
    expect(effects).toEqual([
      { type: 'kill', taskId: 'a', mapIndex: -1, attempt: 1, token: zombie.token },
      { type: 'schedule', taskId: 'a', mapIndex: -1, attempt: 2, dueMs: 5000 },
    ]);
    expect(run.refuse({ type: 'finish', ...zombie })).toBe('stale-attempt');
  });

  it('also sets back what is reading from a cleared task just now, but not what has ended', () => {
    const run = driveRun(graphOf({ a: {}, done: { upstream: ['a'] }, busy: { upstream: ['a'] } }));
    run.start();
    run.succeed('a');
    run.succeed('done');
    run.claim('busy');
    run.send({ type: 'clear', targets: [{ taskId: 'a' }], nowMs: 5000 });
    expect(run.states()).toEqual({ a: 'active', done: 'success', busy: 'none' });
    run.succeed('a');
    expect(run.states()).toEqual({ a: 'success', done: 'success', busy: 'active' });
  });

  it('of single map indices leaves the others alone', () => {
    const run = driveRun(mapped);
    run.start();
    run.succeed('list', ['x', 'y']);
    run.succeed('each', 'X', 0);
    run.fail('each', 1);
    run.send({
      type: 'clear',
      targets: [{ taskId: 'each', mapIndices: [1] }, { taskId: 'join' }],
      nowMs: 5000,
    });
    expect([run.instance('each', 0).state, run.instance('each', 1).state]).toEqual(['success', 'scheduled']);
    run.succeed('each', 'Y', 1);
    expect(run.states()).toMatchObject({ each: 'success', join: 'active' });
  });

  it('of single map indices takes all of them when the list is made anew', () => {
    const run = driveRun(mapped);
    run.start();
    run.succeed('list', ['x', 'y']);
    for (const index of [0, 1]) run.succeed('each', 'X', index);
    const targets = [{ taskId: 'each', mapIndices: [1] }, { taskId: 'list' }];
    const effects = run.send({ type: 'clear', targets, nowMs: 5000 });
    expect(effects).toMatchObject([
      { type: 'unschedule', taskId: 'join' },
      { type: 'schedule', taskId: 'list' },
    ]);
    expect(run.states()).toMatchObject({ list: 'active', each: 'none' });
  });

  it('expands a mapped task anew, perhaps to fewer', () => {
    const run = driveRun(mapped);
    run.start();
    run.succeed('list', ['x', 'y', 'z']);
    for (const index of [0, 1, 2]) run.succeed('each', 'X', index);
    run.send({
      type: 'clear',
      targets: [{ taskId: 'list' }, { taskId: 'each' }, { taskId: 'join' }],
      nowMs: 5000,
    });
    run.succeed('list', ['x']);
    const instances = run.state.tasks.each!.instances.map(({ state, attempt }) => `${state} ${attempt}`);
    expect(instances).toEqual(['scheduled 2', 'removed 1', 'removed 1']);
    run.succeed('each', 'X', 0);
    run.succeed('join');
    expect(run.state.state).toBe('success');
  });
});

describe('mark', () => {
  it('ends a task by hand, with a result for those behind it', () => {
    const run = driveRun(mapped);
    run.start();
    run.claim('list');
    const effects = run.send({
      type: 'mark',
      taskId: 'list',
      state: 'success',
      note: 'made by hand',
      result: [1],
      listLength: 1,
      nowMs: 5000,
    });
    expect(effects).toMatchObject([
      { type: 'kill' },
      { type: 'task-finished' },
      { type: 'schedule', taskId: 'each', mapIndex: 0 },
    ]);
    expect(run.instance('list')).toMatchObject({ marked: true, note: 'made by hand', result: [1] });
  });

  it('changes how a finished run is judged', () => {
    const run = driveRun(chain);
    run.start();
    run.succeed('a');
    run.succeed('b');
    run.fail('c');
    const effects = run.send({
      type: 'mark',
      taskId: 'c',
      state: 'success',
      note: 'looked at it',
      nowMs: 5000,
    });
    expect(effects).toEqual([
      { type: 'task-finished', taskId: 'c', state: 'success' },
      { type: 'run-finished', state: 'success' },
    ]);
  });

  it('says nothing when nothing changes', () => {
    const run = driveRun(chain);
    run.start();
    run.succeed('a');
    expect(run.send({ type: 'mark', taskId: 'a', state: 'success', note: '', nowMs: 5000 })).toEqual([]);
  });

  it('leaves alone what has ended, when it is to end only what is open', () => {
    const run = driveRun(mapped);
    run.start();
    run.succeed('list', ['x', 'y', 'z']);
    run.succeed('each', 'X', 0);
    run.claim('each', 1);
    const cancel = { type: 'mark', taskId: 'each', openOnly: true, state: 'failed', note: 'enough' } as const;
    expect(run.send({ ...cancel, mapIndex: 0, nowMs: 5000 })).toEqual([]);
    expect(run.send({ ...cancel, nowMs: 5000 })).toMatchObject([
      { type: 'kill', mapIndex: 1 },
      { type: 'unschedule', mapIndex: 2 },
      { type: 'task-finished', taskId: 'each', state: 'failed' },
      { type: 'task-finished', taskId: 'join', state: 'upstream_failed' },
      { type: 'run-finished' },
    ]);
    expect(run.state.tasks.each!.counts).toMatchObject({ success: 1, failed: 2 });
    expect(run.send({ ...cancel, nowMs: 6000 })).toEqual([]);
  });

  it('ends a mapped task that was never expanded as an empty one', () => {
    const run = driveRun(mapped);
    run.start();
    run.send({ type: 'mark', taskId: 'each', state: 'success', note: 'not today', nowMs: 5000 });
    run.succeed('list', ['x']);
    expect(run.states()).toMatchObject({ each: 'success', join: 'active' });
    expect(run.state.tasks.each).toMatchObject({ mapCount: 0, instances: [] });
  });
});

describe('cancel', () => {
  it('kills what runs, skips what has not begun, and ends the run as failed', () => {
    const run = driveRun(graphOf({ a: {}, b: {}, c: { upstream: ['a'], triggerRule: 'all_done' } }));
    run.start();
    run.claim('a');
    const held = run.held('a');
    expect(run.send({ type: 'cancel', reason: 'wrong day', nowMs: 5000 })).toEqual([
      { type: 'kill', taskId: 'a', mapIndex: -1, attempt: 1, token: held.token },
      { type: 'task-finished', taskId: 'a', state: 'failed' },
      { type: 'unschedule', taskId: 'b', mapIndex: -1, attempt: 1 },
      { type: 'task-finished', taskId: 'b', state: 'skipped' },
      { type: 'task-finished', taskId: 'c', state: 'skipped' },
      { type: 'run-finished', state: 'failed' },
    ]);
    expect(run.refuse({ type: 'finish', ...held })).toBe('wrong-state');
    const claim = {
      type: 'claim',
      taskId: 'b',
      mapIndex: -1,
      attempt: 1,
      token: 'k',
      leaseMs: 1,
      nowMs: 6000,
    } as const;
    expect(run.refuse(claim)).toBe('run-not-running');
    expect(run.refuse({ type: 'cancel', reason: 'again', nowMs: 6000 })).toBe('run-not-running');
  });

  it('can be taken back by clearing', () => {
    const run = driveRun(chain);
    run.start();
    run.send({ type: 'cancel', reason: 'wrong day', nowMs: 5000 });
    run.send({ type: 'clear', targets: ['a', 'b', 'c'].map((taskId) => ({ taskId })), nowMs: 6000 });
    for (const taskId of ['a', 'b', 'c']) run.succeed(taskId);
    expect(run.state.state).toBe('success');
  });

  it('works on a run that has not started', () => {
    const run = driveRun(chain);
    run.send({ type: 'cancel', reason: 'never mind', nowMs: 5000 });
    expect(run.state).toMatchObject({ state: 'failed', cancelled: 'never mind' });
    expect(run.refuse({ type: 'start', nowMs: 6000 })).toBe('run-not-running');
  });
});
