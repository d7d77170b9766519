/** `notify test`, `notify list`, and what `run` tells: as commands, with a configuration file. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { notifyStore } from '../../engine/notify/notify-store.ts';
import { redisEngine } from '../../engine/redis-engine.ts';
import { freePort } from '../../infra/free-port.ts';
import type { Message } from '../../infra/notify/message.ts';
import { httpReceiver } from '../support/receivers.ts';
import { redisInstalled, useRedis } from '../support/redis.ts';
import { describeWith } from '../support/requirement.ts';
import { runFlyerline } from '../support/run-command.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();
let files = 0;

/** Environment with a configuration file of these channels. */
async function withChannels(channels: object, settings: object = {}) {
  const path = join(temp.path, `config-${++files}.json`);
  await writeFile(path, JSON.stringify({ notify: { channels }, ...settings }));
  return { FLYERLINE_CONFIG: path };
}

const pager = (path: string) => ({ type: 'command', command: ['tee', '-a', path] });
const pages = async (path: string) =>
  (await readFile(path, 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Message);

describe('notify test', () => {
  it('sends through every channel, and fails when one did not take it', async () => {
    const hook = await httpReceiver();
    const url = `http://127.0.0.1:${await freePort()}`;
    const env = await withChannels({
      good: { type: 'webhook', url: hook.url },
      dead: { type: 'webhook', url },
    });
    const { exitCode, stdout } = await runFlyerline(['notify', 'test'], { env });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^✓ good \(webhook\) took it in \d+ ms$/m);
    expect(stdout).toMatch(/^✗ dead \(webhook\): .*ECONNREFUSED/m);
    expect(JSON.parse(hook.posts[0]!.body)).toMatchObject({
      kind: 'test',
      subject: '[flyerline] Test message to "good"',
      why: 'It will be told of: failure, recovery, deadline, restatement.',
    });
    expect(await runFlyerline(['notify', 'test', 'good', '--json'], { env })).toMatchObject({ exitCode: 0 });
    expect((await runFlyerline(['notify', 'test', 'nobody'], { env })).stderr).toContain(
      'choose one of: good, dead',
    );
  });

  it('says where an example is when no channel is configured', async () => {
    const { exitCode, stderr } = await runFlyerline(['notify', 'test'], { env: await withChannels({}) });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('docs/guides/get-notified.md');
  });
});

describe('run', () => {
  it('tells that it failed, and of a restatement, but nobody with --no-notify', async () => {
    const out = join(temp.path, 'pages');
    const env = await withChannels({ pager: pager(out) });
    const empty = join(temp.path, 'no-drops');
    await mkdir(empty);
    const run = ['run', 'nightly', '--date', '2018-10-01', '--lake', join(temp.path, 'lake')];
    expect(await runFlyerline([...run, '--drops', empty, '--no-notify'], { env })).toMatchObject({
      exitCode: 1,
    });
    expect(await pages(out)).toEqual([]);
    expect(await runFlyerline([...run, '--drops', empty], { env })).toMatchObject({ exitCode: 1 });
    expect(await pages(out)).toMatchObject([
      {
        kind: 'failure',
        subject: '[flyerline] nightly 2018-10-01 (manual) failed at ingest-drops',
        why: expect.stringContaining('FL_DROPS_EMPTY'),
        todo: ['./flyerline run nightly --date 2018-10-01  # again, once the cause is gone'],
      },
    ]);

    const data = join(temp.path, 'data');
    await runFlyerline(['generate', '--out', data, '--days', '1', '--users', '60'], {});
    const drops = ['--drops', join(data, 'drops')];
    expect(await runFlyerline([...run, ...drops], { env })).toMatchObject({ exitCode: 0 });
    expect(await pages(out)).toHaveLength(1);
    const again = [...run, ...drops, '--param', 'inactivity_timeout_s=60'];
    expect(await runFlyerline(again, { env })).toMatchObject({ exitCode: 0 });
    expect((await pages(out)).slice(1)).toMatchObject([
      {
        kind: 'restatement',
        subject: expect.stringMatching(
          /^\[flyerline\] 2018-10-01 restated: views [\d,]+ \(\+\d+\), dwell_s [\d,.]+ \(-[\d,.]+\)$/,
        ),
        what: expect.stringMatching(/\nflyer_views: rows [\d,]+ \(\+\d+\)\n/),
        why: expect.stringMatching(/^inactivity_timeout_s 1800 → \d+$/),
      },
    ]);
  }, 120_000);
});

describeWith(redisInstalled, 'notify list', () => {
  const server = useRedis();

  it('shows how each channel does, with its last failure', async () => {
    const prefix = server.uniquePrefix();
    const store = notifyStore(redisEngine({ redis: server.connect(), prefix }));
    const message = {
      id: 'm',
      kind: 'test',
      severity: 'info',
      subject: 's',
      what: 'w',
      todo: [],
      about: {},
      at: '',
    } as const;
    await store.commit(await store.open(), { deliveries: [{ channel: 'hook', message }] });
    const waiting = (await store.take('hook', 60_000))!;
    await store.settle('hook', waiting, { type: 'later', atMs: 1, reason: 'HTTP 503', delayMs: 60_000 });
    const env = {
      ...(await withChannels({ hook: { type: 'webhook', url: 'http://127.0.0.1:1/' } })),
      FLYERLINE_REDIS_URL: server.url,
      FLYERLINE_REDIS_PREFIX: prefix,
    };
    const { stdout } = await runFlyerline(['notify'], { env });
    expect(stdout).toMatch(/hook +webhook +failure, recovery, deadline, restatement +1 +0 +0/);
    expect(stdout).toContain('✗ hook, last failure 1970-01-01 00:00 UTC: HTTP 503');
    const json = JSON.parse((await runFlyerline(['notify', 'list', '--json'], { env })).stdout);
    expect(json.channels).toMatchObject([{ channel: 'hook', waiting: 1, failure: 'HTTP 503' }]);
  });
});
