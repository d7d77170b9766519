/** A lake of many days without any rows: logs, digests, stage documents and drops, as so many runs would leave them. */
import { join } from 'node:path';
import { writeCheckpoint } from '../../lake/checkpoint.ts';
import type { LogAction } from '../../lake/delta-actions.ts';
import { deltaSchemaString } from '../../lake/delta-schema.ts';
import { type DigestEntry, recordDigests } from '../../lake/digest-months.ts';
import { dataKey, tableDir, twentyDigits, txnAppId } from '../../lake/lake-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { inputsDigestOf, paramsDigestOf } from '../../lake/partition-digest.ts';
import { applyEntries, emptySnapshot } from '../../lake/snapshot.ts';
import type { TableSchema } from '../../lake/table-schema.ts';
import { codeVersion } from '../../tasks/code-version.ts';
import { dayName } from '../../tasks/ingest/days.ts';
import { putStageBatch, type StagedDrop } from '../../tasks/ingest/stage-batch-doc.ts';
import { DEFINITION_VERSION, metricParamsSchema } from '../../tasks/metric-params.ts';
import { inputsOfDays } from '../../tasks/partitions/inputs-of-days.ts';

const DAY_MS = 86_400_000;
const TOKEN = twentyDigits(3);
const PUTS_AT_ONCE = 64;
const DAYS_PER_BATCH = 50;
/** Of so many days one has drops that its version was not made of. */
const STALE_EACH = 10;

export interface ManyDays {
  readonly lake: ObjectStore;
  readonly drops: ObjectStore;
  readonly from: string;
  readonly to: string;
}

export async function makeManyDays(
  root: string,
  tables: readonly TableSchema[],
  { days, dropsPerDay }: { readonly days: number; readonly dropsPerDay: number },
): Promise<ManyDays> {
  const lake = await openStore(join(root, 'lake'));
  const drops = await openStore(join(root, 'drops'));
  const staged = await putDrops(drops, days, dropsPerDay);
  for (let start = 0; start < staged.length; start += DAYS_PER_BATCH * dropsPerDay) {
    const some = staged.slice(start, start + DAYS_PER_BATCH * dropsPerDay);
    await putStageBatch(
      lake,
      {
        ...{ batch: `bench-${start}`, dropsUrl: drops.url, stagingVersion: 'bench', stagedAtMs: 0 },
        params: { report_tz: 'event', max_future_s: 300 },
        ...{ supersedes: [], drops: some, files: [], rejected: [] },
      },
      Date.now(),
    );
  }
  for (const schema of tables) await writeCheckpoint(lake, snapshotOf(schema, days));
  await recordDigests(lake, await digestsOf(tables, days, staged));
  return { lake, drops, from: dayName(0), to: dayName(days - 1) };
}

async function putDrops(store: ObjectStore, days: number, dropsPerDay: number): Promise<StagedDrop[]> {
  const names = Array.from({ length: days * dropsPerDay }, (_, index) => {
    const dayNo = Math.floor(index / dropsPerDay);
    return { dayNo, key: `${dayName(dayNo)}/${String(index % dropsPerDay).padStart(4, '0')}.csv` };
  });
  const staged: StagedDrop[] = [];
  for (let start = 0; start < names.length; start += PUTS_AT_ONCE) {
    const put = names.slice(start, start + PUTS_AT_ONCE).map(async ({ dayNo, key }, index) => {
      const { etag, size, lastModifiedMs } = await store.put(key, key);
      const at = { minLocalMs: dayNo * DAY_MS, maxLocalMs: (dayNo + 1) * DAY_MS - 1 };
      const ranges = { ...at, minInstantMs: at.minLocalMs, maxInstantMs: at.maxLocalMs };
      return {
        ...{ key, etag, size, lastModifiedMs, src: key, dropNo: index, isUnreadable: false },
        days: [{ day: dayName(dayNo), rowCount: 1_000, rejectedCount: 0, ...ranges }],
      };
    });
    staged.push(...(await Promise.all(put)));
  }
  return staged;
}

function snapshotOf(schema: TableSchema, days: number) {
  function* actions(): Generator<LogAction> {
    yield { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };
    const schemaString = deltaSchemaString(schema);
    yield {
      metaData: {
        id: schema.name,
        schemaString,
        partitionColumns: ['dt'],
        configuration: {},
        createdTime: 0,
      },
    };
    for (let index = 0; index < days; index += 1) {
      const day = dayName(index);
      yield { txn: { appId: txnAppId(day), version: BigInt(TOKEN) } };
      yield {
        add: {
          path: dataKey(schema.name, day, TOKEN, '00').slice(tableDir(schema.name).length),
          partitionValues: { dt: day },
          ...{ size: 100_000, modificationTime: 0, stats: JSON.stringify({ numRecords: 1_000 }) },
          tags: { sha256: 'ab'.repeat(32) },
        },
      };
    }
  }
  return applyEntries(emptySnapshot(schema.name), [{ version: 10, actions: actions() }]);
}

async function digestsOf(
  tables: readonly TableSchema[],
  days: number,
  staged: readonly StagedDrop[],
): Promise<DigestEntry[]> {
  const params = metricParamsSchema.parse({});
  const inputsOf = inputsOfDays(staged, params);
  const version = await codeVersion();
  const status = 'final' as const;
  return Array.from({ length: days }, (_, index) => dayName(index)).flatMap((day, index) => {
    const { drops } = inputsOf(day);
    const inputsDigest = index % STALE_EACH === 0 ? 'older' : inputsDigestOf(drops);
    const digest = {
      ...{
        token: TOKEN,
        inputsDigest,
        inputCount: drops.length,
        partitionsDigest: null,
        codeVersion: version,
      },
      ...{
        definitionVersion: DEFINITION_VERSION,
        paramsDigest: paramsDigestOf(params),
        params,
        rowCount: 1_000,
      },
      ...{ committedAtMs: 0, asOfMs: 0, status, runId: 'bench', isShown: true },
    };
    return tables.map(({ name }) => ({ table: name, day, digest }));
  });
}
