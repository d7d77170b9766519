/** `notify test`: one message through each channel, and what became of it. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { NotifySettings } from '../../infra/config-notify.ts';
import { FlyerlineError, isFlyerlineError } from '../../infra/errors.ts';
import { sendTo } from '../../infra/notify/channel.ts';
import type { Message } from '../../infra/notify/message.ts';
import { commandContext } from '../command-context.ts';
import type { CommonOptions } from '../common-options.ts';
import { EXIT } from '../exit-code.ts';
import { style } from '../terminal.ts';

interface ChannelTest {
  readonly channel: string;
  readonly type: string;
  readonly delivered: boolean;
  readonly durationMs: number;
  readonly code?: string;
  readonly reason?: string;
  readonly remedy?: string;
}

/** All at once: a dead one does not keep the others waiting. */
export async function testChannels(names: readonly string[], options: CommonOptions): Promise<void> {
  const { config, json } = commandContext(options);
  const { channels, label } = config.notify;
  const chosen = names.length === 0 ? Object.keys(channels) : names;
  for (const name of chosen) if (channels[name] === undefined) throw channelUnknown(name, channels);
  if (chosen.length === 0) throw noChannels();
  const results = await Promise.all(chosen.map((name) => testChannel(name, channels[name]!, label)));
  process.stdout.write(
    json ? `${JSON.stringify({ channels: results })}\n` : `${results.map(resultText).join('\n')}\n`,
  );
  process.exitCode = results.every(({ delivered }) => delivered) ? EXIT.ok : EXIT.failed;
}

async function testChannel(
  channel: string,
  settings: NotifySettings['channels'][string],
  label: string,
): Promise<ChannelTest> {
  const startedMs = Date.now();
  const result = (rest: Pick<ChannelTest, 'delivered'> & Partial<ChannelTest>): ChannelTest => ({
    channel,
    type: settings.type,
    durationMs: Date.now() - startedMs,
    ...rest,
  });
  try {
    await sendTo(settings, testMessage(channel, settings.on, label), { name: channel });
    return result({ delivered: true });
  } catch (error) {
    if (!isFlyerlineError(error)) throw error;
    const { code, subject, reason, remedy } = error;
    return result({ delivered: false, code, reason: `${subject} ${reason}`, remedy });
  }
}

function testMessage(channel: string, on: readonly string[], label: string): Message {
  return {
    id: `test-${randomUUID()}`,
    kind: 'test',
    severity: 'info',
    subject: `[${label}] Test message to "${channel}"`,
    what: `Somebody on ${hostname()} tries the channel "${channel}".`,
    why: `It will be told of: ${on.join(', ')}.`,
    since: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    todo: ['./flyerline notify  # how the channels do'],
    about: {},
    at: new Date().toISOString(),
  };
}

function resultText({ channel, type, delivered, durationMs, reason, remedy }: ChannelTest): string {
  return delivered
    ? `${style.green('✓')} ${channel} (${type}) took it in ${durationMs} ms`
    : `${style.red('✗')} ${channel} (${type}): ${reason}\n  → ${remedy}`;
}

function channelUnknown(name: string, channels: NotifySettings['channels']): FlyerlineError {
  const known = Object.keys(channels);
  return new FlyerlineError('FL_USAGE', {
    subject: `Channel "${name}"`,
    reason: 'is not configured',
    remedy: known.length === 0 ? 'add it to notify.channels' : `choose one of: ${known.join(', ')}`,
    retryable: false,
  });
}

function noChannels(): FlyerlineError {
  return new FlyerlineError('FL_CONFIG_INVALID', {
    subject: 'Setting "notify.channels"',
    reason: 'names no channel',
    remedy: 'see docs/guides/get-notified.md for an example',
    retryable: false,
  });
}
