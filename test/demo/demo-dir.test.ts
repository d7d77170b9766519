/** The demo's folder: only a demo's folder is ever wiped. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareDemoDir } from '../../cli/demo/demo-dir.ts';
import { useTempDir } from '../support/temp-dir.ts';

const temp = useTempDir();

describe('prepareDemoDir', () => {
  it('wipes an earlier demo', () => {
    const { path, logs } = prepareDemoDir(join(temp.fresh(), 'demo'));
    writeFileSync(join(logs, 'scheduler.log'), 'old');
    prepareDemoDir(path);
    expect(readdirSync(logs)).toEqual([]);
  });

  it('takes an empty folder, and refuses one that holds anything else', () => {
    const path = temp.fresh();
    writeFileSync(join(path, 'precious.csv'), 'a\n');
    expect(() => prepareDemoDir(path)).toThrow(expect.objectContaining({ code: 'FL_USAGE' }));
    expect(existsSync(join(path, 'precious.csv'))).toBe(true);
    expect(prepareDemoDir(temp.fresh()).logs).toMatch(/logs$/);
  });
});
