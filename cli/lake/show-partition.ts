/** `partitions show`: the state of a partition and why, what it is made of, and the way back to its drops. */
import { readCurrentState } from '../../lake/current.ts';
import { EXPORT_FORMATS } from '../../lake/lake-keys.ts';
import { readManifest } from '../../lake/manifest.ts';
import { partitionOf } from '../../lake/partitions.ts';
import { readSnapshot } from '../../lake/table-log.ts';
import { readPartitions } from '../../tasks/partitions/read-partitions.ts';
import {
  metricParamsInUse,
  runFacts,
  type SourceOptions,
  withStores,
} from '../partitions/partition-sources.ts';
import { formatBytes, formatCount, style, table } from '../terminal.ts';
import { findTable } from './open-lake.ts';

const DROPS_SHOWN_MAX = 20;

export async function showPartition(name: string, day: string, options: SourceOptions): Promise<void> {
  const schema = findTable(name);
  await withStores(options, 'read', async (stores, { config, json }) => {
    const { lake: store } = stores;
    const range = { from: day, to: day };
    const [partition, runs] = await Promise.all([
      readSnapshot(store, schema.name).then((snapshot) => partitionOf(snapshot, day)),
      runFacts(config, range),
    ]);
    const params = metricParamsInUse(config);
    const assets = [schema.name];
    const read = await readPartitions(stores, { ...range, assets, params, nowMs: Date.now(), runs });
    const { state, reason, finality } = read!.assessments[0]!;
    if (partition === undefined) {
      const text = `${style.bold(`${schema.name} ${day}`)}\n  ${state}: ${reason}\n`;
      process.stdout.write(json ? `${JSON.stringify({ state, reason, finality })}\n` : text);
      return;
    }
    const manifest = await readManifest(store, schema.name, day, partition.token);
    const states = await Promise.all(
      EXPORT_FORMATS.map((format) => readCurrentState(store, schema.name, day, format)),
    );
    const exports = states.filter((state) => state !== undefined);
    if (json) {
      process.stdout.write(
        `${JSON.stringify({ state, reason, finality, pinned: partition.isPinned, manifest, exports })}\n`,
      );
      return;
    }
    const facts: [string, string | undefined][] = [
      ['State', `${state}, ${finality}: ${reason}`],
      ['Claim', `${Number(partition.token)}${partition.isPinned ? `  ${style.yellow('pinned')}` : ''}`],
      ['Rows', formatCount(partition.rowCount)],
      ['Size', formatBytes(partition.size)],
      ['Made by', `${manifest.runId}, attempt ${manifest.attempt}, at ${manifest.createdAt}`],
      ['Reason', manifest.reason],
      ['Restores', manifest.restores && `what claim ${Number(manifest.restores)} committed`],
      ['Same bytes as', manifest.sameBytesAs && `claim ${Number(manifest.sameBytesAs)}`],
      ['Code', `${manifest.codeVersion}, definition ${manifest.definitionVersion}`],
      [
        'Inputs',
        `${manifest.inputsHash}${manifest.inputsKey === undefined ? '' : ` (${manifest.inputsKey})`}`,
      ],
    ];
    const files = [
      ...partition.files.map(({ key, rowCount, size, sha256 }) => ({ key, rowCount, size, sha256 })),
      ...exports,
    ];
    const drops = manifest.inputs.slice(0, DROPS_SHOWN_MAX);
    const hidden = manifest.inputs.length - drops.length;
    process.stdout.write(
      [
        style.bold(`${schema.name} ${day}`),
        ...facts.filter(([, text]) => text).map(([label, text]) => `  ${label.padEnd(14)}${text}`),
        '',
        table(files, [
          { header: 'File', value: ({ key }) => key },
          { header: 'Rows', value: ({ rowCount }) => formatCount(rowCount), align: 'right' },
          { header: 'Size', value: ({ size }) => formatBytes(size), align: 'right' },
          { header: 'SHA-256', value: ({ sha256 }) => sha256?.slice(0, 16) },
        ]),
        '',
        table(drops, [
          { header: 'Drop', value: ({ key }) => key },
          { header: 'Size', value: ({ size }) => formatBytes(size), align: 'right' },
        ]),
        ...(hidden > 0 ? [style.dim(`and ${formatCount(hidden)} more; --json shows all`)] : []),
        '',
      ].join('\n'),
    );
  });
}
