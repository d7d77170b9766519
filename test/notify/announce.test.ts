/** What people are told, in which words, through which channels, and how often. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { announce } from '../../engine/notify/announce.ts';
import { judgeDeadline } from '../../engine/notify/deadline-watch.ts';
import { durationsOf, usualMs } from '../../engine/notify/durations.ts';
import { openLedger } from '../../engine/notify/ledger.ts';
import type { DeadlineNotice, FailureNotice, Notice } from '../../engine/notify/notice.ts';
import { recentIntervals } from '../../engine/notify/recent-intervals.ts';
import { afterRun, type DagTrouble } from '../../engine/notify/run-trouble.ts';
import { toMessage } from '../../engine/notify/to-message.ts';
import { loadConfig } from '../../infra/config.ts';
import { NOTICE_KINDS, type NotifySettings } from '../../infra/config-notify.ts';
import { toText } from '../../infra/notify/message.ts';
import { driveRun, graphOf } from '../support/run-driver.ts';

const at = (time: string) => Date.parse(`2018-10-02T${time}-04:00`);
const run = {
  dagId: 'nightly',
  runId: 'scheduled__2018-10-01T00:00:00-04:00',
  kind: 'scheduled',
  day: '2018-10-01',
  timezone: 'America/Toronto',
} as const;
const task = {
  taskId: 'cleanse-events',
  mapIndex: 3,
  attempts: 3,
  error: { code: 'FL_DROP_CHANGED', message: 'Drop "a.csv.gz" was replaced while it was read.' },
};
const failure: FailureNotice = {
  kind: 'failure',
  type: 'run-failed',
  id: 'event-1',
  atMs: at('03:42:00'),
  run,
  startedAtMs: at('03:15:00'),
  failures: [task],
  failedCount: 2,
  notRunCount: 5,
  inARow: 2,
  sinceMs: at('03:42:00') - 86_400_000,
};
const deadline: DeadlineNotice = {
  kind: 'deadline',
  type: 'deadline-at-risk',
  id: 'd',
  atMs: at('05:00:00'),
  run,
  of: 'exports',
  deadlineMs: at('06:00:00'),
  endMs: at('06:25:00'),
  historyCount: 14,
  why: '"cleanse-events" runs as attempt 1 for 40 min.',
  obstacle: 'slow',
};

/** Subject and body, as a mail would show them. */
function mail(notice: Notice): string {
  const message = toMessage(notice, 'prod');
  return `${message.subject}\n${toText(message)}`;
}

describe('messages', () => {
  it('say of a failed run what, why, since when, and what to do', () => {
    expect(mail(failure)).toBe(
      `[prod] nightly 2018-10-01 failed at cleanse-events[3] and 1 other
What   Run scheduled__2018-10-01T00:00:00-04:00 of nightly has failed. 5 tasks did not run for it.
Why    cleanse-events[3], after 3 attempts: FL_DROP_CHANGED: Drop "a.csv.gz" was replaced while it was read.
       … and 1 more
Since  2 Oct 2018, 03:42 EDT, 27 min after its start
       2 runs of nightly failed in a row, the first on 1 Oct 2018, 03:42 EDT
Do     ./flyerline logs nightly scheduled__2018-10-01T00:00:00-04:00 cleanse-events --map-index 3       # what it printed
       ./flyerline runs show nightly scheduled__2018-10-01T00:00:00-04:00                               # all its tasks
       ./flyerline runs clear nightly scheduled__2018-10-01T00:00:00-04:00 --failed --downstream --yes  # again, once the cause is gone`,
    );
  });

  it('warn of a deadline with the estimate and what it waits for', () => {
    expect(mail(deadline)).toBe(
      `[prod] nightly 2018-10-01: exports will miss 06:00 EDT
What   The deadline of exports of nightly 2018-10-01 is 2 Oct 2018, 06:00 EDT, in 1 h. It is expected on 2 Oct 2018, 06:25 EDT, 25 min late, as the last 14 runs went.
Why    "cleanse-events" runs as attempt 1 for 40 min.
Since  2 Oct 2018, 05:00 EDT
Do     ./flyerline explain run nightly scheduled__2018-10-01T00:00:00-04:00  # what it waits for, and why`,
    );
    expect(mail({ ...deadline, historyCount: 0, endMs: at('05:00:00') })).toContain(
      'There is no history to tell when it will be met.',
    );
  });

  it('say which figures of a restated day are others now', () => {
    const table = {
      day: '2018-10-01',
      rowCount: 5120,
      previousRowCount: 5108,
      stats: { dwell_s: 81_224 },
      previousStats: { dwell_s: 81_534 },
    };
    const text = mail({
      kind: 'restatement',
      type: 'restatement',
      id: 'r',
      atMs: at('10:00:00'),
      day: '2018-10-01',
      runId: 'manual__x',
      tables: [
        { table: 'user_day', ...table },
        { table: 'flyer_day', ...table, previousRowCount: 5120, stats: {} },
      ],
    });
    expect(text).toContain('[prod] 2018-10-01 restated: user_day, flyer_day\n');
    expect(text).toContain('\n       user_day: rows 5,120 (+12), dwell_s 81,224 (-310)\n');
    expect(text).toContain('\n       flyer_day: rows 5,120 (as before), other values\n');
    expect(text).toContain('./flyerline partitions diff user_day 2018-10-01 ');
  });

  it('say figures of the whole day once, and what follows from it on other days in short', () => {
    const day = { day: '2018-10-01', stats: { views: 310 }, previousStats: { views: 308 } };
    const notice: Notice = {
      kind: 'restatement',
      type: 'restatement',
      id: 'r',
      atMs: 0,
      day: '2018-10-01',
      runId: 'manual__x',
      tables: [
        { table: 'dq_day', rowCount: 25, previousRowCount: 25, ...day },
        { table: 'user_day', rowCount: 41, previousRowCount: 40, ...day },
        {
          table: 'merchant_day',
          rowCount: 9,
          previousRowCount: 9,
          day: '2018-10-02',
          stats: {},
          previousStats: {},
        },
      ],
    };
    const { subject, what, todo } = toMessage(notice, 'prod');
    expect(subject).toBe('[prod] 2018-10-01 and 1 other day restated: views 310 (+2)');
    expect(what.split('\n').slice(1)).toEqual([
      'In all: views 310 (+2)',
      'dq_day: rows 25 (as before), other values',
      'user_day: rows 41 (+1)',
      'And what follows from it: merchant_day 2018-10-02',
    ]);
    expect(todo[0]).toContain('partitions diff user_day 2018-10-01 ');
  });

  it('hold neither secrets nor endless texts of an error', () => {
    const error = { code: 'FL_TASK_FAILED', message: `redis://a:hunter2@host ${'x'.repeat(100_000)}` };
    const text = mail({ ...failure, failures: [{ ...task, error }] });
    expect(text).not.toContain('hunter2');
    expect(text.length).toBeLessThan(10_000);
  });

  it('of a run without Redis name a command that works without it', () => {
    const text = mail({ ...failure, run: { ...run, local: true } });
    expect(text).toContain('Do     ./flyerline run nightly --date 2018-10-01  # again');
    expect(text).not.toContain('./flyerline runs');
  });
});

describe('docs/guides/get-notified.md', () => {
  const guide = readFileSync(join(PROJECT_ROOT, 'docs/guides/get-notified.md'), 'utf8');

  it('shows a configuration that is accepted', () => {
    const [, json] = /```json\n([\s\S]*?)```/.exec(guide)!;
    const { channels } = loadConfig(JSON.parse(json!), {}).notify;
    expect(
      Object.values(channels)
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['command', 'email', 'slack', 'webhook']);
  });

  it('shows a message as it is, and names every kind', () => {
    expect(guide).toContain(`\`\`\`\n${mail(deadline)}\n\`\`\``);
    for (const kind of NOTICE_KINDS) expect(guide).toContain(`| \`${kind}\``);
  });
});

describe('announce', () => {
  const settings = (channels: object, throttle: object = {}): NotifySettings =>
    loadConfig({ notify: { channels, throttle } as never }, {}).notify;
  const hook = { type: 'webhook', url: 'http://127.0.0.1/' };
  const failures = (count: number, nowMs: number, first = 0): Notice[] =>
    Array.from({ length: count }, (_, n) => ({ ...failure, id: `event-${first + n}`, atMs: nowMs }));

  it('reaches the channels that ask for it, each with an id of its own', () => {
    const channels = {
      all: hook,
      other: { ...hook, dags: ['weather'] },
      late: { ...hook, on: ['deadline'] },
      both: { ...hook, dags: ['nightly'], on: ['failure'] },
    };
    const deliveries = announce(openLedger(), [failure, deadline], settings(channels), 0);
    expect(deliveries.map(({ channel, message }) => [channel, message.id])).toEqual([
      ['all', 'event-1.all'],
      ['both', 'event-1.both'],
      ['all', 'd.all'],
      ['late', 'd.late'],
    ]);
  });

  it('lets a burst through up to its limit, then says once how much more there was', () => {
    const ledger = openLedger();
    const limits = settings({ all: hook }, { messagesMax: 3, windowMs: 60_000 });
    const subjects = (notices: readonly Notice[], nowMs: number) =>
      announce(ledger, notices, limits, nowMs).map(({ message }) => message.subject);
    expect(subjects(failures(2, 0), 0)).toHaveLength(2);
    expect(subjects(failures(10, 30_000, 2), 30_000)).toHaveLength(1);
    expect(subjects([], 59_999)).toEqual([]);
    expect(subjects(failures(1, 60_000, 20), 60_000)).toEqual([
      '[flyerline] nightly: 9 more of "failure" in 1 min',
      '[flyerline] nightly 2018-10-01 failed at cleanse-events[3] and 1 other',
    ]);
    expect(subjects([], 200_000)).toEqual([]);
  });

  it('remembers what it has let through when its memory is written and read again', () => {
    const limits = settings({ all: hook }, { messagesMax: 1 });
    const ledger = openLedger();
    announce(ledger, failures(1, 0), limits, 0);
    const again = openLedger(ledger.changes().set);
    expect(announce(again, failures(1, 1), limits, 1)).toEqual([]);
  });
});

describe('recovery', () => {
  it('is news when a run succeeds after a failed one, or after it has failed itself', () => {
    let trouble: DagTrouble | undefined;
    const ends = (runId: string, state: 'success' | 'failed', atMs: number) => {
      const after = afterRun(trouble, { runId, state, atMs });
      trouble = after.trouble;
      return after.recovery;
    };
    expect(ends('mon', 'success', 1)).toBeUndefined();
    expect(ends('tue', 'failed', 2)).toBeUndefined();
    expect(ends('wed', 'failed', 3)).toBeUndefined();
    expect(trouble).toMatchObject({ inARow: 2, sinceMs: 2 });
    expect(ends('thu', 'success', 4)).toEqual({ sameRun: false, sinceMs: 2, stillFailed: ['tue', 'wed'] });
    expect(ends('fri', 'success', 5)).toBeUndefined();
    expect(ends('tue', 'success', 6)).toEqual({ sameRun: true, sinceMs: 2, stillFailed: ['wed'] });
    expect(ends('wed', 'success', 7)).toEqual({ sameRun: true, sinceMs: 3, stillFailed: [] });
    expect(trouble).toBeUndefined();
  });
});

describe('a deadline', () => {
  const look = (verdict: 'met' | 'expected' | 'at-risk' | 'missed', ended = verdict === 'met') => ({
    verdict,
    ended,
  });

  it.each([
    ['is quiet while all is well', [look('expected'), look('met')], []],
    [
      'is told to be in danger once',
      [look('at-risk'), look('expected'), look('at-risk')],
      ['deadline-at-risk'],
    ],
    ['is kept after all', [look('at-risk'), look('met'), look('met')], ['deadline-at-risk', 'deadline-kept']],
    [
      'is missed once, and met late once',
      [look('at-risk'), look('missed'), look('missed'), look('missed', true), look('missed', true)],
      ['deadline-at-risk', 'deadline-missed', 'deadline-met-late'],
    ],
    ['is met late though nobody looked meanwhile', [look('missed', true)], ['deadline-met-late']],
  ])('%s', (_title, looks, news) => {
    let state: ReturnType<typeof judgeDeadline>['state'];
    const told = looks.flatMap((each) => {
      const judged = judgeDeadline(state, each);
      state = judged.state;
      return judged.news ?? [];
    });
    expect(told).toEqual(news);
  });

  it('is estimated from the median of what tasks took, retries and all instances included', () => {
    const driven = driveRun(graphOf({ a: {}, b: { upstream: ['a'] } }));
    driven.start();
    driven.claim('a');
    driven.nowMs += 500;
    driven.send({ type: 'finish', ...driven.held('a') });
    expect(durationsOf(driven.state)).toEqual({ a: 500 });
    const usual = usualMs([{ a: 100 }, { a: 900, b: 7 }, { a: 300 }, { a: 500 }]);
    expect([usual('a'), usual('b'), usual('c')]).toEqual([400, 7, undefined]);
  });
});

describe('recentIntervals', () => {
  const zone = { timezone: 'America/Toronto' } as const;
  const nowMs = Date.parse('2018-10-20T12:00:00Z');
  const days = (ms: number) => ms * 86_400_000;

  it('are those that ended within the time, the latest hundred at most', () => {
    const daily = { schedule: '15 3 * * *', dataInterval: 'previous-day', ...zone } as const;
    const found = recentIntervals(daily, nowMs, days(3));
    expect(found.map(({ day }) => day)).toEqual(['2018-10-17', '2018-10-18', '2018-10-19']);
    const minutes = recentIntervals({ schedule: '* * * * *', ...zone }, nowMs, days(3));
    expect(minutes.length).toBeLessThanOrEqual(100);
    expect(minutes.at(-1)?.endMs).toBe(nowMs);
    const monthly = recentIntervals({ schedule: '0 0 1 * *', ...zone }, nowMs, days(25));
    expect(monthly.map(({ day }) => day)).toEqual(['2018-09-01']);
  });
});
