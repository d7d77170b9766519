/** What every object store must do, as tests: the same suite runs on a directory and on S3 servers. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareKeys } from '../../lake/object-keys.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { listKeys } from './list-keys.ts';

const ODD_KEYS = [
  'a b+c%20d',
  'quote\'s "and" <tags> & more',
  'ünïcødé/日本/🙂',
  '\uff00-after-bmp',
  'equals=and,comma;semicolon',
  'star*question?[brackets]',
  'percent%~25~tilde',
  'back\\slash',
  'dots/..hidden/.x',
  'tab\tkey',
  'long/'.repeat(20) + 'x'.repeat(200),
];

/** `open` is called once per suite and must give an empty store. */
export function describeStore(
  name: string,
  open: (root: string) => Promise<ObjectStore>,
  options: {
    /** Whether the completion of an upload in parts honours conditions. @default true */
    readonly conditionalParts?: boolean;
  } = {},
): void {
  describe(`object store on ${name}`, () => {
    const temp = useTempDir();
    let store: ObjectStore;
    beforeAll(async () => {
      store = await open(join(temp.path, 'root'));
    });
    afterAll(async () => {
      await store?.close();
    });

    const text = async (key: string) => (await store.get(key)).body.toString();
    const keys = (prefix: string, after?: string) => listKeys(store, prefix, after);

    it('gives back what was put, and its size, time and tag', async () => {
      const before = Date.now();
      const put = await store.put('basic/hello.txt', 'hällo');
      const { body, info } = await store.get('basic/hello.txt');
      expect(body.toString()).toBe('hällo');
      expect(info).toMatchObject({ key: 'basic/hello.txt', size: 6, etag: put.etag });
      expect(Math.abs(info.lastModifiedMs - before)).toBeLessThan(60_000);
      expect(await store.head('basic/hello.txt')).toEqual(info);
    });

    it('says that an object is missing', async () => {
      expect(await store.head('missing/a')).toBeUndefined();
      await expect(store.get('missing/a')).rejects.toMatchObject({ code: 'FL_OBJECT_MISSING' });
      await expect(store.read('missing/a')).rejects.toMatchObject({ code: 'FL_OBJECT_MISSING' });
      await expect(store.fetchFile('missing/a', temp.path)).rejects.toMatchObject({
        code: 'FL_OBJECT_MISSING',
      });
      await store.delete('missing/a');
    });

    it('stores an empty object', async () => {
      await store.put('empty', '');
      expect((await store.get('empty')).body.length).toBe(0);
      const chunks = [];
      for await (const chunk of await store.read('empty')) chunks.push(chunk);
      expect(chunks).toEqual([]);
    });

    it('replaces an object whole and changes its tag, however fast', async () => {
      const tags = new Set<string>();
      for (let version = 0; version < 20; version += 1) {
        tags.add((await store.put('replaced', `version ${String(version).padStart(3, '0')}`)).etag);
      }
      expect(tags.size).toBe(20);
      expect(await text('replaced')).toBe('version 019');
    });

    it('reads from an offset, up to and beyond the end', async () => {
      await store.put('ranged', '0123456789');
      const from = async (offset: number) => {
        const chunks: Buffer[] = [];
        for await (const chunk of await store.read('ranged', offset)) chunks.push(chunk);
        return Buffer.concat(chunks).toString();
      };
      expect(await from(0)).toBe('0123456789');
      expect(await from(7)).toBe('789');
      expect(await from(10)).toBe('');
      expect(await from(99)).toBe('');
    });

    it('lets one of 16 racing writers create an object', async () => {
      const ends = await Promise.allSettled(
        Array.from({ length: 16 }, (_, n) => store.put('race/create', `writer ${n}`, { ifAbsent: true })),
      );
      const winners = ends.flatMap((end, n) => (end.status === 'fulfilled' ? [n] : []));
      expect(winners).toHaveLength(1);
      for (const end of ends) {
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'FL_PRECONDITION' });
      }
      expect(await text('race/create')).toBe(`writer ${winners[0]}`);
    });

    it('lets one of 16 racing writers replace a version, round after round', async () => {
      let { etag } = await store.put('race/replace', 'start');
      for (let round = 0; round < 5; round += 1) {
        const ends = await Promise.allSettled(
          Array.from({ length: 16 }, (_, n) =>
            store.put('race/replace', `round ${round} writer ${n}`, { ifMatch: etag }),
          ),
        );
        const winners = ends.flatMap((end, n) =>
          end.status === 'fulfilled' ? [{ n, info: end.value }] : [],
        );
        expect(winners).toHaveLength(1);
        expect(await text('race/replace')).toBe(`round ${round} writer ${winners[0]!.n}`);
        etag = winners[0]!.info.etag;
      }
    });

    it('loses no increment of a counter that is read and replaced by if-match', async () => {
      await store.put('race/counter', '0');
      const increment = async () => {
        for (;;) {
          const { body, info } = await store.get('race/counter');
          try {
            await store.put('race/counter', String(Number(body.toString()) + 1), { ifMatch: info.etag });
            return;
          } catch (error) {
            expect(error).toMatchObject({ code: 'FL_PRECONDITION' });
          }
        }
      };
      await Promise.all(Array.from({ length: 8 }, increment));
      expect(await text('race/counter')).toBe('8');
    });

    it('refuses a condition that does not hold and leaves the object alone', async () => {
      const { etag } = await store.put('conditions', 'one');
      await expect(store.put('conditions', 'two', { ifAbsent: true })).rejects.toMatchObject({
        code: 'FL_PRECONDITION',
      });
      await store.put('conditions', 'three', { ifMatch: etag });
      await expect(store.put('conditions', 'four', { ifMatch: etag })).rejects.toMatchObject({
        code: 'FL_PRECONDITION',
      });
      await expect(store.put('conditions/never', 'x', { ifMatch: etag })).rejects.toMatchObject({
        code: 'FL_PRECONDITION',
      });
      expect(await text('conditions')).toBe('three');
    });

    it('keeps keys with odd characters apart and lists them by code point', async () => {
      for (const key of ODD_KEYS) await store.put(`odd/${key}`, key);
      for (const key of ODD_KEYS) expect(await text(`odd/${key}`)).toBe(key);
      expect(await keys('odd/')).toEqual(ODD_KEYS.map((key) => `odd/${key}`).sort(compareKeys));
      for (const key of ODD_KEYS) await store.delete(`odd/${key}`);
      expect(await keys('odd/')).toEqual([]);
    });

    it('lists by prefix and after a key, folders in their place', async () => {
      for (const key of ['l/a', 'l/a-b', 'l/a.c/x', 'l/a0', 'l/b/1', 'l/b/2', 'l/b!', 'lx']) {
        await store.put(key, key);
      }
      expect(await keys('l/')).toEqual(['l/a', 'l/a-b', 'l/a.c/x', 'l/a0', 'l/b!', 'l/b/1', 'l/b/2']);
      expect(await keys('l/b')).toEqual(['l/b!', 'l/b/1', 'l/b/2']);
      expect(await keys('l/', 'l/a.c/x')).toEqual(['l/a0', 'l/b!', 'l/b/1', 'l/b/2']);
      expect(await keys('l/', 'l/b/1')).toEqual(['l/b/2']);
      expect(await keys('l')).toContain('lx');
      expect(await keys('nothing/')).toEqual([]);
    });

    it('lists more than a thousand keys', async () => {
      const wanted = Array.from({ length: 1_050 }, (_, n) => `many/${String(n).padStart(5, '0')}`);
      for (let start = 0; start < wanted.length; start += 50) {
        await Promise.all(wanted.slice(start, start + 50).map((key) => store.put(key, '')));
      }
      expect(await keys('many/')).toEqual(wanted);
      expect(await keys('many/', 'many/01000')).toEqual(wanted.slice(1_001));
    });

    it('moves a large file up in parts and down again', async () => {
      const path = join(temp.path, 'large.bin');
      const content = randomBytes(19 * 1024 * 1024 + 12_345);
      await writeFile(path, content);
      const { size } = await store.putFile('large.bin', path);
      expect(size).toBe(content.length);
      const fetched = await store.fetchFile('large.bin', join(temp.path, 'fetched'));
      expect((await readFile(fetched)).equals(content)).toBe(true);
    });

    it('may take a file that is given, and leaves any other where it is', async () => {
      const path = join(temp.path, 'mine.txt');
      await writeFile(path, 'mine');
      await store.putFile('kept', path);
      expect(await readFile(path, 'utf8')).toBe('mine');
      const { etag } = await store.putFile('given', path, { ifAbsent: true, isGiven: true });
      await writeFile(path, 'other', { flag: 'w' });
      await store.putFile('given', path, { ifMatch: etag, isGiven: true });
      expect((await store.get('kept')).body.toString()).toBe('mine');
      expect((await store.get('given')).body.toString()).toBe('other');
    });

    if (options.conditionalParts === false) {
      it('is refused by name before a large file is put under a condition that it would ignore', async () => {
        const path = join(temp.path, 'conditional.bin');
        await writeFile(path, randomBytes(9 * 1024 * 1024));
        await expect(store.putFile('parts', path, { ifAbsent: true })).rejects.toMatchObject({
          code: 'FL_STORE_UNFIT',
          message: expect.stringContaining(store.url),
        });
        expect(await store.head('parts')).toBeUndefined();
      });
      return;
    }
    describe('large files under a condition', () => {
      it('refuses an upload in parts whose condition does not hold', async () => {
        const path = join(temp.path, 'conditional.bin');
        await writeFile(path, randomBytes(9 * 1024 * 1024));
        const { etag } = await store.putFile('parts', path, { ifAbsent: true });
        await expect(store.putFile('parts', path, { ifAbsent: true })).rejects.toMatchObject({
          code: 'FL_PRECONDITION',
        });
        const next = await store.putFile('parts', path, { ifMatch: etag });
        await store.put('parts', 'small now', { ifMatch: next.etag });
        await expect(store.putFile('parts', path, { ifMatch: etag })).rejects.toMatchObject({
          code: 'FL_PRECONDITION',
        });
        expect(await text('parts')).toBe('small now');
      });

      it('lets one of 8 racing uploads in parts create an object', async () => {
        const path = join(temp.path, 'racing.bin');
        await writeFile(path, randomBytes(9 * 1024 * 1024));
        const ends = await Promise.allSettled(
          Array.from({ length: 8 }, () => store.putFile('race/large', path, { ifAbsent: true })),
        );
        expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(1);
      });
    });
  });
}
