/** Senders against real receivers: what arrives, and what is said when nothing does. */
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../infra/config.ts';
import type { ChannelSettings } from '../../infra/config-notify.ts';
import { isFlyerlineError } from '../../infra/errors.ts';
import { freePort } from '../../infra/free-port.ts';
import { sendTo } from '../../infra/notify/channel.ts';
import type { Message } from '../../infra/notify/message.ts';
import { httpReceiver, mailReceiver } from '../support/receivers.ts';
import { useTempDir } from '../support/temp-dir.ts';

const message: Message = {
  id: 'evt-1.hook',
  kind: 'failure',
  severity: 'error',
  subject: '[flyerline] nightly 2018-10-01 failed at ingest-drops',
  what: 'The run has failed.',
  why: 'ingest-drops: Drop <a> & "b" → ```ends``` <!channel>',
  since: '2 Oct 2018, 03:15 EDT',
  todo: ['./flyerline runs show nightly x  # look', './flyerline runs clear nightly x --failed  # again'],
  about: { dagId: 'nightly', runId: 'x', day: '2018-10-01' },
  at: '2018-10-02T07:15:00.000Z',
};

/** As a configuration gives it, with its defaults. */
function channel(settings: object): ChannelSettings {
  return loadConfig({ notify: { channels: { hook: settings as ChannelSettings } } }, {}).notify.channels
    .hook!;
}

const failure = (settings: object, env: NodeJS.ProcessEnv = {}, sent = message) =>
  sendTo(channel(settings), sent, { name: 'hook', env }).then(
    () => undefined,
    (error: unknown) => (isFlyerlineError(error) ? error : Promise.reject(error)),
  );

describe('webhook', () => {
  it('posts the message as JSON, signed so that the receiver can verify it', async () => {
    const receiver = await httpReceiver();
    const key = Buffer.alloc(32, 7);
    const settings = channel({ type: 'webhook', url: `${receiver.url}/in`, secret: 'env:HOOK_SECRET' });
    await sendTo(settings, message, {
      name: 'hook',
      env: { HOOK_SECRET: `whsec_${key.toString('base64')}` },
    });
    const [{ path, headers, body }] = receiver.posts as [(typeof receiver.posts)[0]];
    expect({ path, type: headers['content-type'] }).toEqual({ path: '/in', type: 'application/json' });
    expect(JSON.parse(body)).toEqual(message);
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
    );
    expect(headers['webhook-id']).toBe(message.id);
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(5);
  });

  it.each([
    [500, true],
    [429, true],
    [404, false],
    [302, false],
  ])('answered with %i is not taken; may be tried again: %s', async (status, retryable) => {
    const receiver = await httpReceiver();
    receiver.status = status;
    expect(await failure({ type: 'webhook', url: receiver.url })).toMatchObject({
      code: 'FL_NOTIFY_FAILED',
      retryable,
      message: expect.stringContaining(`Webhook "hook" did not take the message (HTTP ${status})`),
    });
    expect(receiver.posts).toHaveLength(1);
  });

  it('gives up on a receiver that does not answer, or is not there', async () => {
    const receiver = await httpReceiver();
    receiver.status = 0;
    const startedMs = Date.now();
    expect(await failure({ type: 'webhook', url: receiver.url, timeoutMs: 200 })).toMatchObject({
      retryable: true,
      reason: expect.stringContaining('no answer in time'),
    });
    expect(Date.now() - startedMs).toBeLessThan(5_000);
    const url = `http://127.0.0.1:${await freePort()}`;
    expect((await failure({ type: 'webhook', url }))?.reason).toContain('ECONNREFUSED');
  });

  it('says what is wrong with a secret without saying the secret', async () => {
    const settings = { type: 'webhook', url: 'http://127.0.0.1:9', secret: 'env:HOOK_SECRET' };
    expect(await failure(settings)).toMatchObject({ code: 'FL_CONFIG_INVALID', reason: 'holds nothing' });
    const weak = await failure(settings, { HOOK_SECRET: 'hunter2' });
    expect(weak?.message).toContain('is not "whsec_"');
    expect(weak?.message).not.toContain('hunter2');
  });
});

describe('Slack', () => {
  it('posts subject and body, with what would be markup or a mention escaped', async () => {
    const receiver = await httpReceiver();
    const settings = channel({ type: 'slack', url: 'env:SLACK_URL' });
    await sendTo(settings, message, { name: 'hook', env: { SLACK_URL: `${receiver.url}/services/T0/B0/x` } });
    expect(receiver.posts[0]?.path).toBe('/services/T0/B0/x');
    const { text, attachments } = JSON.parse(receiver.posts[0]!.body);
    expect(text).toBe('*[flyerline] nightly 2018-10-01 failed at ingest-drops*');
    expect(attachments[0].color).toBe('#c0392b');
    expect(attachments[0].text).toContain(
      `Why    ingest-drops: Drop &lt;a&gt; &amp; "b" → '''ends''' &lt;!channel&gt;`,
    );
    expect(attachments[0].text).toContain('\n       ./flyerline runs clear nightly x --failed  # again');
  });

  it('does not show its URL, which is a secret, in an error', async () => {
    const receiver = await httpReceiver();
    receiver.status = 410;
    const error = await failure(
      { type: 'slack', url: 'env:SLACK_URL' },
      { SLACK_URL: `${receiver.url}/s3cret` },
    );
    expect(error?.message).toContain('HTTP 410');
    expect(JSON.stringify(error)).not.toContain('s3cret');
  });

  it('takes no literal URL from the configuration', () => {
    expect(() => channel({ type: 'slack', url: 'https://hooks.slack.com/services/x' })).toThrow(
      /env:NAME.*a secret is no setting/,
    );
  });
});

describe('email', () => {
  const about = { type: 'email', from: 'Flyerline <etl@example.org>', to: ['oncall@example.org'] };

  it('arrives as plain text, marked as made by a program', async () => {
    const { url, mails } = await mailReceiver();
    await sendTo(channel({ ...about, server: url }), message, { name: 'hook' });
    expect(mails).toMatchObject([{ from: 'etl@example.org', to: ['oncall@example.org'] }]);
    const { source } = mails[0]!;
    expect(source).toContain('Subject: [flyerline] nightly 2018-10-01 failed at ingest-drops');
    expect(source).toContain('Message-ID: <evt-1.hook@flyerline>');
    expect(source).toContain('Auto-Submitted: auto-generated');
    expect(source).toContain('Content-Type: text/plain');
    expect(source).toMatch(/What {3}The run has failed\./);
  });

  it('does not let an error text write headers', async () => {
    const { url, mails } = await mailReceiver();
    const sly = { ...message, subject: 'failed\r\nBcc: everybody@example.org' };
    await sendTo(channel({ ...about, server: url }), sly, { name: 'hook' });
    expect(mails[0]?.to).toEqual(['oncall@example.org']);
    expect(mails[0]?.source).not.toMatch(/^Bcc:/m);
  });

  it('is not tried again when the server refuses the recipient', async () => {
    const { url } = await mailReceiver();
    expect(await failure({ ...about, server: url, to: ['nobody@example.org'] })).toMatchObject({
      code: 'FL_NOTIFY_FAILED',
      retryable: false,
      reason: expect.stringContaining('550'),
    });
  });

  it('sends no password to a server that does not encrypt', async () => {
    const { url, mails } = await mailReceiver();
    const error = await failure({ ...about, server: url, user: 'etl', password: 'env:MAIL' }, { MAIL: 'pw' });
    expect(error?.reason).toContain('STARTTLS');
    expect(mails).toEqual([]);
  });

  it('gives up on a server that says nothing', async () => {
    const silent = await httpReceiver();
    silent.status = 0;
    const server = silent.url.replace('http:', 'smtp:');
    expect(await failure({ ...about, server, timeoutMs: 200 })).toMatchObject({ retryable: true });
  });
});

describe('command', () => {
  const dir = useTempDir();
  const node = (script: string, ...args: string[]) => [process.execPath, '-e', script, ...args];

  it('gets the message on stdin, its arguments as they are, and nothing secret in its environment', async () => {
    const out = join(dir.path, 'out.json');
    const script = `
      const message = JSON.parse(require('fs').readFileSync(0, 'utf8'));
      const [, file, arg] = process.argv;
      require('fs').writeFileSync(file, JSON.stringify({ message, arg, env: process.env }));`;
    const command = node(script, out, '$(touch pwned); *');
    await sendTo(channel({ type: 'command', command }), message, {
      name: 'hook',
      env: { PATH: process.env.PATH, AWS_SECRET_ACCESS_KEY: 'x' },
    });
    const got = JSON.parse(await readFile(out, 'utf8'));
    expect(got).toMatchObject({ message, arg: '$(touch pwned); *' });
    expect(got.env).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
  });

  it('that fails says so with the end of its stderr', async () => {
    const command = node('console.error("pager is down"); process.exit(3)');
    expect((await failure({ type: 'command', command }))?.reason).toContain('exit code 3: pager is down');
    expect((await failure({ type: 'command', command: ['no-such-program-x'] }))?.reason).toContain('ENOENT');
  });

  it('that does not end is killed with all it has started', async () => {
    const trace = join(dir.path, 'trace');
    const child = `setTimeout(() => require('fs').writeFileSync(process.argv[1], ''), 1500)`;
    const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}, process.argv[1]], {stdio: 'ignore'}); setInterval(() => {}, 1000)`;
    const error = await failure({ type: 'command', command: node(script, trace), timeoutMs: 500 });
    expect(error).toMatchObject({ retryable: true, reason: expect.stringContaining('killed') });
    await sleep(1_600);
    expect(existsSync(trace)).toBe(false);
  });

  it('may end without reading', async () => {
    const big = { ...message, what: 'x'.repeat(1_000_000) };
    expect(await failure({ type: 'command', command: ['true'] }, process.env, big)).toBeUndefined();
  });

  it('reads a secret from a file, without the newline at its end', async () => {
    const receiver = await httpReceiver();
    const file = join(dir.path, 'slack-url');
    await writeFile(file, `${receiver.url}/from-file\n`);
    await sendTo(channel({ type: 'slack', url: `file:${file}` }), message, { name: 'hook' });
    expect(receiver.posts[0]?.path).toBe('/from-file');
  });
});
