/** Version of this program, from package.json. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

let version: string | undefined;

export function programVersion(): string {
  if (version === undefined) {
    const manifest = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
    version = (JSON.parse(manifest) as { version: string }).version;
  }
  return version;
}
