/** The data dictionary: each column of each table says what it is, in what unit, and by which rule; and the catalog says the same. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { CATALOG_KEY } from '../../lake/lake-keys.ts';
import { openStore } from '../../lake/open-store.ts';
import { PUBLISHED_TABLES, TABLES } from '../../tasks/tables.ts';
import { publishDays } from '../support/publish-days.ts';
import { useTempDir } from '../support/temp-dir.ts';

const definition = readFileSync(join(PROJECT_ROOT, 'docs/reference/dwell-rules.md'), 'utf8');
const RULES = [...definition.matchAll(/^\*\*(R\d+) /gm)].map(([, rule]) => rule!);
const NUMBERS = ['int', 'long', 'double'];

/** What the catalog promises of a column. */
const catalogColumn = z.object({
  name: z.string().min(1),
  type: z.enum(['string', 'int', 'long', 'double', 'boolean', 'date']),
  nullable: z.boolean(),
  unit: z.string().min(1).optional(),
  description: z.string().min(1),
  rule: z.string().min(1),
});
const catalog = z.object({
  tables: z.array(
    z.object({
      name: z.string(),
      description: z.string().min(1),
      key: z.array(z.string()),
      columns: z.array(catalogColumn),
    }),
  ),
});

describe('the data dictionary', () => {
  const columns = Object.values(TABLES).flatMap((table) =>
    table.columns.map((column) => ({ ...column, of: `${table.name}.${column.name}` })),
  );

  it('describes every column, ending as a sentence does', () => {
    expect(columns.filter(({ description }) => !/[.…]$/.test(description)).map(({ of }) => of)).toEqual([]);
  });

  it('gives every number a unit', () => {
    expect(columns.filter(({ type, unit }) => NUMBERS.includes(type) && !unit).map(({ of }) => of)).toEqual(
      [],
    );
  });

  it('names a rule of the definition for every column', () => {
    expect(RULES.length).toBeGreaterThanOrEqual(18);
    const isKnown = (rule = '') => rule === 'seed' || rule.split(' to ').every((one) => RULES.includes(one));
    expect(columns.filter(({ rule }) => !isKnown(rule)).map(({ of, rule }) => [of, rule])).toEqual([]);
  });

  it('has every column of a key, and no column twice', () => {
    for (const { key, columns: declared } of Object.values(TABLES)) {
      const names = declared.map(({ name }) => name);
      expect(names).toEqual([...new Set(names)]);
      expect(names).toEqual(expect.arrayContaining([...key]));
    }
  });
});

describe('current/catalog.json', () => {
  const dir = useTempDir();

  it('carries it, table by table, as declared', async () => {
    const lake = join(dir.path, 'lake');
    const event = { user: 'ada', event: 'flyer_open', flyer: '1', merchant: '9' };
    await publishDays(lake, [{ timestamp: '2018-10-01T10:00:00-04:00', ...event }], { exported: true });
    const store = await openStore(lake, { readOnly: true });
    const { body } = await store.get(CATALOG_KEY).finally(() => store.close());
    const { tables } = catalog.parse(JSON.parse(body.toString()));
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(PUBLISHED_TABLES.map(({ name }) => name)),
    );
    for (const { name, description, key, columns } of tables) {
      const { [name]: declared } = TABLES;
      expect({ description, key }).toEqual({ description: declared!.description, key: declared!.key });
      expect(columns).toEqual(
        declared!.columns.map(({ csv: _, nullable = false, ...column }) => ({ ...column, nullable })),
      );
    }
  });
});
