/** Garbage of `stage/`: what died and what counts no longer goes, in two steps; what runs or published versions use stays. */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { manifestKey } from '../../lake/lake-keys.ts';
import { openStore } from '../../lake/open-store.ts';
import { coverDrops } from '../../tasks/ingest/pin/cover-drops.ts';
import type { Drop } from '../../tasks/ingest/read/drops.ts';
import type { StageBatch } from '../../tasks/ingest/stage-batch-doc.ts';
import { collectStageGarbage, findStageGarbage } from '../../tasks/stage-gc/collect-stage.ts';
import { idleBatches } from '../../tasks/stage-gc/idle-batches.ts';
import { describeWith } from '../support/requirement.ts';
import { s3ServerInstalled, useS3Server } from '../support/s3-server.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { csv, type DropZone, openDropZone, row } from './drop-zone.ts';

const DAY_MS = 86_400_000;
const DAY = '2018-10-01';
const temp = useTempDir();
let zone: DropZone;
afterEach(() => {
  vi.useRealTimers();
  return zone?.close();
});

const ofUser = (user: string) => csv(row(`${DAY}T10:00:00-04:00`, user), `garbage of ${user}`);
const users = async (day = DAY) =>
  (await zone.events((await zone.ingest(day)).inputs)).map(({ user_id }) => user_id);

const garbage = async (daysAhead: number) => {
  const found: string[] = [];
  for await (const { kind, key } of findStageGarbage(zone.lake, { nowMs: Date.now() + daysAhead * DAY_MS })) {
    found.push(`${kind} ${key}`);
  }
  return found;
};
const collect = (daysAhead = 0) => collectStageGarbage(zone.lake, { nowMs: Date.now() + daysAhead * DAY_MS });
/** What is in `stage/` becomes older, in a local lake. */
const age = async (days: number, prefix = 'stage/') => {
  for await (const { key, lastModifiedMs } of zone.lake.list(prefix)) {
    const seconds = (lastModifiedMs - days * DAY_MS) / 1000;
    utimesSync(join(zone.lake.localRoot!, key), seconds, seconds);
  }
};
/** A published version that was made from these inputs. */
const publish = (inputsKey: string, token: number) =>
  zone.lake.put(manifestKey('user_day', DAY, String(token).padStart(20, '0')), JSON.stringify({ inputsKey }));

describe('garbage of the stage', () => {
  it('is what staging that died left without a document, after the grace', async () => {
    zone = await openDropZone(temp.path);
    await zone.put('a.csv', ofUser('u1'));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 8 * DAY_MS });
    await zone.ingest(DAY);
    vi.useRealTimers();
    const files = await zone.keys('stage/dt=');
    expect(files).toHaveLength(2);
    for (const key of await zone.keys('stage/batches/')) await zone.lake.delete(key);
    for (const key of await zone.keys('stage/inputs/')) await zone.lake.delete(key);
    expect(await garbage(6)).toEqual([]);
    expect(await garbage(8)).toEqual(files.map((key) => `unstaged ${key}`));

    await age(8);
    // Staged again it has other names: nothing is taken over that is being collected.
    expect(await users()).toEqual(['u1']);
    expect(await garbage(0)).toEqual(files.map((key) => `unstaged ${key}`));
    await collect();
    expect(await garbage(0)).toEqual([]);
    expect(await users()).toEqual(['u1']);
  });

  it('is a batch whose drops were replaced: first its document, a grace later its files', async () => {
    zone = await openDropZone(temp.path);
    await zone.put('a.csv', ofUser('old'));
    await zone.ingest(DAY);
    const old = { document: (await zone.keys('stage/batches/'))[0]!, files: await zone.keys('stage/dt=') };
    await age(3);
    await zone.put('a.csv', ofUser('new'));
    expect(await users()).toEqual(['new']);
    await age(6);
    expect(await garbage(0)).toEqual([expect.stringMatching(/^inputs /)]);
    await age(3);
    expect((await garbage(0)).filter((line) => !line.startsWith('inputs '))).toEqual([
      `batch ${old.document}`,
    ]);
    await collect();
    expect(await zone.keys('stage/retired/')).toEqual([old.document.replace('/batches/', '/retired/')]);
    expect(await zone.keys('stage/dt=')).toEqual(expect.arrayContaining(old.files));
    expect(await garbage(6)).toEqual([]);

    await age(8, 'stage/retired/');
    await collect();
    expect(await zone.keys('stage/retired/')).toEqual([]);
    for (const key of old.files) expect(await zone.lake.head(key)).toBeUndefined();
    expect(await users()).toEqual(['new']);
  });

  it('is never the last version of a drop that its producer has deleted', async () => {
    zone = await openDropZone(temp.path);
    await zone.put('a.csv', ofUser('first'));
    await zone.ingest(DAY);
    await zone.put('a.csv', ofUser('last'));
    await zone.ingest(DAY);
    await zone.remove('a.csv');
    for (let week = 0; week < 5; week += 1) {
      await age(8);
      await collect();
    }
    expect(await zone.keys('stage/batches/')).toHaveLength(1);
    expect(await zone.keys('stage/inputs/')).toEqual([]);
    expect(await users()).toEqual(['last']);
  });

  it('is never what a published version was made from, however often its drops were replaced', async () => {
    zone = await openDropZone(temp.path);
    await zone.put('a.csv', ofUser('published'));
    const { inputs, inputsKey } = await zone.ingest(DAY);
    await publish(inputsKey, 1);
    await zone.put('a.csv', ofUser('newer'));
    await zone.ingest(DAY);
    for (let week = 0; week < 3; week += 1) {
      await age(8);
      await collect();
    }
    expect(await zone.keys('stage/inputs/')).toEqual([inputsKey]);
    expect((await zone.events(inputs)).map(({ user_id }) => user_id)).toEqual(['published']);
    expect(await zone.rejects(inputs)).toHaveLength(1);

    // Once the version is gone, so are its inputs, and then the batch.
    await zone.lake.delete(manifestKey('user_day', DAY, '1'.padStart(20, '0')));
    for (let week = 0; week < 3; week += 1) {
      await age(8);
      await collect();
    }
    expect(await zone.keys('stage/batches/')).toHaveLength(1);
    expect(await zone.keys('stage/dt=')).toHaveLength(2);
    expect(await users()).toEqual(['newer']);
  });

  it('is never what a run in flight has pinned, although the batch is old and was replaced long ago', async () => {
    zone = await openDropZone(temp.path);
    await zone.put('a.csv', ofUser('v1'));
    await zone.ingest(DAY);
    // The same bytes at the same time are the same version of the drop.
    const stamp = (await zone.drops.head('a.csv'))!.lastModifiedMs / 1000;
    await age(20);
    await zone.put('a.csv', ofUser('v2'));
    await zone.ingest(DAY);
    await age(20);
    await zone.put('a.csv', ofUser('v1'));
    utimesSync(join(zone.dropsDir, 'a.csv'), stamp, stamp);

    const { inputs } = await zone.ingest(DAY);
    for (let times = 0; times < 3; times += 1) await collect();
    expect((await zone.events(inputs)).map(({ user_id }) => user_id)).toEqual(['v1']);
    // Nor does it matter when the collection had found the document just before the run pinned it.
    await age(40, 'stage/retired/');
    await collect();
    expect((await zone.events(inputs)).map(({ user_id }) => user_id)).toEqual(['v1']);
  });

  it('never is in the way of runs that stage and pin while it is collected again and again', async () => {
    zone = await openDropZone(temp.path);
    let isDone = false;
    const collecting = (async () => {
      while (!isDone) await collect();
    })();
    for (let version = 0; version < 6; version += 1) {
      await zone.put('a.csv', ofUser(`a${version}`));
      await zone.put(`b${version}.csv`, ofUser(`b${version}`));
      const runs = await Promise.all([zone.ingest(DAY), zone.ingest(DAY)]);
      for (const { inputs } of runs) {
        const seen = (await zone.events(inputs)).map(({ user_id }) => user_id).sort();
        expect(seen).toEqual([`a${version}`, ...Array.from({ length: version + 1 }, (_, n) => `b${n}`)]);
      }
      await age(30);
    }
    isDone = true;
    await collecting;
  });

  it('takes in no batch that took longer than a day to stage, since its first files may be gone', async () => {
    zone = await openDropZone(temp.path);
    await zone.put('a.csv', ofUser('u1'));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    const progress = () => vi.setSystemTime(Date.now() + 1.1 * DAY_MS);
    await expect(zone.ingest(DAY, {}, { progress })).rejects.toMatchObject({ code: 'FL_CLAIM_EXPIRED' });
    vi.useRealTimers();
    expect(await zone.keys('stage/batches/')).toEqual([]);
    expect(await users()).toEqual(['u1']);
  });

  it('refuses a grace in which runs may still be going on', async () => {
    zone = await openDropZone(temp.path);
    await expect(collectStageGarbage(zone.lake, { graceMs: DAY_MS })).rejects.toMatchObject({
      code: 'FL_CONFIG_INVALID',
    });
  });
});

describe('batches that count no longer', () => {
  const identity = { params: { report_tz: 'UTC', max_future_s: 0 } };
  const keys = ['a', 'b', 'c'];
  const history = fc.array(
    fc.record({
      drops: fc.uniqueArray(fc.record({ key: fc.constantFrom(...keys), version: fc.nat(3) }), {
        selector: ({ key }) => key,
        minLength: 1,
        maxLength: 3,
      }),
      supersedesLast: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  );
  const listing = fc.dictionary(fc.constantFrom(...keys), fc.nat(3));

  it('can go without changing what counts: each drop is covered as before, or is there to be staged again', () => {
    fc.assert(
      fc.property(history, listing, (staged, listed) => {
        const batches = staged.map(({ drops, supersedesLast }, index) =>
          batchOf(index, drops, supersedesLast),
        );
        const drops = Object.entries(listed).map(
          ([key, version]) => ({ key, src: `${key}${version}` }) as Drop,
        );
        const idle = idleBatches(
          batches.map((batch, index) => ({ batch, putAtMs: index })),
          Number.POSITIVE_INFINITY,
        );
        const rest = batches.filter((batch) => !idle.includes(batch));
        const before = coveredBy(batches, drops);
        const after = coveredBy(rest, drops);
        for (const src of before) {
          if (!after.has(src)) expect(drops.map((drop) => drop.src)).toContain(src);
        }
        for (const src of after) expect(before).toContain(src);
      }),
    );
  });

  function coveredBy(batches: readonly StageBatch[], listed: readonly Drop[]): ReadonlySet<string> {
    const { whole, partial } = coverDrops(batches, listed, identity);
    const drops = [...whole, ...partial].flatMap((part) => part.drops);
    return new Set(drops.map(({ src }) => src));
  }

  function batchOf(
    index: number,
    drops: readonly { readonly key: string; readonly version: number }[],
    supersedesLast: boolean,
  ): StageBatch {
    return {
      batch: `batch ${index}`,
      dropsUrl: 'file:///drops',
      stagingVersion: '1',
      params: identity.params,
      stagedAtMs: index,
      supersedes: supersedesLast && index > 0 ? [`batch ${index - 1}`] : [],
      drops: drops.map(({ key, version }, dropNo) => ({
        ...{ key, etag: '', size: 1, lastModifiedMs: 0, dropNo, isUnreadable: false, days: [] },
        src: `${key}${version}`,
      })),
      files: [],
      rejected: [],
    };
  }
});

describeWith(s3ServerInstalled.versitygw, 'garbage of the stage on S3', () => {
  const server = useS3Server('versitygw');

  it('goes there in the same two steps', async () => {
    const bucket = await server.createBucket();
    const open = (prefix: string) => openStore(`s3://${bucket}/${prefix}`, { s3: server.config });
    zone = await openDropZone(temp.path, { drops: await open('drops'), lake: await open('lake') });
    await zone.put('a.csv', ofUser('old'));
    await zone.ingest(DAY);
    await zone.put('a.csv', ofUser('new'));
    await zone.ingest(DAY);
    expect(await garbage(6)).toEqual([]);
    await collect(8);
    expect(await zone.keys('stage/inputs/')).toEqual([]);
    expect(await zone.keys('stage/batches/')).toHaveLength(1);
    expect(await zone.keys('stage/retired/')).toHaveLength(1);
    expect(await zone.keys('stage/dt=')).toHaveLength(4);
    await collect(8);
    expect(await zone.keys('stage/retired/')).toEqual([]);
    expect(await zone.keys('stage/dt=')).toHaveLength(2);
    expect(await users()).toEqual(['new']);
  });
});
