/** package-lock.json is what package.json asks for: the launcher installs from both. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';

const manifest = readJson('package.json');
const lock = readJson('package-lock.json');

it('the lock file locks the dependencies that the manifest names', () => {
  const { version, dependencies, devDependencies } = lock.packages[''];
  expect({ version, dependencies, devDependencies }).toEqual({
    version: manifest.version,
    dependencies: manifest.dependencies,
    devDependencies: manifest.devDependencies,
  });
});

it('dependencies are named by exact versions', () => {
  const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version as string))).toEqual([]);
});

it('every locked package has a checksum', () => {
  const packages = Object.entries<{ integrity?: string }>(lock.packages).filter(([path]) => path !== '');
  expect(packages.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
});

// biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested.
function readJson(path: string): any {
  return JSON.parse(readFileSync(join(PROJECT_ROOT, path), 'utf8'));
}
