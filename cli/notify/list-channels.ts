/** `notify list`: the channels, and how deliveries through them go. */
import { type ChannelHealth, notifyStore } from '../../engine/notify/notify-store.ts';
import type { CommonOptions } from '../common-options.ts';
import { withEngine } from '../engine/with-engine.ts';
import { style, table } from '../terminal.ts';

interface ChannelRow extends ChannelHealth {
  readonly channel: string;
  readonly type: string;
  readonly on: readonly string[];
}

export async function listChannels(options: CommonOptions): Promise<void> {
  await withEngine(options, async (engine, { config, json }) => {
    const store = notifyStore(engine);
    const rows = await Promise.all(
      Object.entries(config.notify.channels).map(
        async ([channel, { type, on }]): Promise<ChannelRow> => ({
          channel,
          type,
          on,
          ...(await store.health(channel)),
        }),
      ),
    );
    process.stdout.write(json ? `${JSON.stringify({ channels: rows })}\n` : `${channelsText(rows)}\n`);
  });
}

function channelsText(rows: readonly ChannelRow[]): string {
  if (rows.length === 0) return 'No channel is configured; docs/guides/get-notified.md has an example.';
  const failures = rows.flatMap(({ channel, failure, failedAtMs, deliveredAtMs = 0 }) =>
    failure === undefined || failedAtMs === undefined
      ? []
      : [
          `${failedAtMs > deliveredAtMs ? style.red('✗') : '–'} ${channel}, last failure ${minute(failedAtMs)} UTC: ${failure}`,
        ],
  );
  const columns = table(rows, [
    { header: 'Channel', value: ({ channel }) => channel },
    { header: 'Type', value: ({ type }) => type },
    { header: 'Told of', value: ({ on }) => on.join(', ') },
    { header: 'Waiting', value: ({ waiting }) => waiting, align: 'right' },
    { header: 'Delivered', value: ({ delivered }) => delivered, align: 'right' },
    { header: 'Given up', value: ({ givenUp, dropped }) => givenUp + dropped, align: 'right' },
    { header: 'Last delivered (UTC)', value: ({ deliveredAtMs }) => minute(deliveredAtMs) },
  ]);
  return [columns, ...failures].join('\n');
}

function minute(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}
