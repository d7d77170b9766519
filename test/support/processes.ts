/** Which processes belong to a directory: started in it, or told of it in their arguments or environment. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** One line per process. Those of others cannot be looked into, and are left out. */
export async function processesOf(path: string): Promise<string[]> {
  if (!existsSync('/proc/self/environ')) {
    const { stdout } = await run('ps', ['axeww', '-o', 'pid=,args=']);
    return stdout.split('\n').filter((line) => line.includes(path));
  }
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(ids.map((id) => describeProcess(id)));
  return found.filter((line) => line.includes(path));
}

/** Empty when the process is gone, or somebody else's. */
async function describeProcess(id: string): Promise<string> {
  const parts = await Promise.all([
    readFile(`/proc/${id}/cmdline`, 'utf8'),
    readlink(`/proc/${id}/cwd`),
    readFile(`/proc/${id}/environ`, 'utf8'),
  ]).catch(() => undefined);
  return parts === undefined ? '' : `${id} ${parts.join(' ').replaceAll('\0', ' ')}`;
}
