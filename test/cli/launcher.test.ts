/** The launcher: what it installs, when, and what it says when it cannot; with a Node and an npm made for the test. */
import { readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { findExecutable } from '../../infra/find-executable.ts';
import { runProgram } from '../support/run-command.ts';
import { useTempDir } from '../support/temp-dir.ts';

/** All that the launcher may need of a system. */
const TOOLS = ['cat', 'cmp', 'cp', 'mkdir', 'mv', 'readlink', 'rm', 'sleep', 'tail', 'uname'];

const temp = useTempDir();
let checkout: string;
let bin: string;

beforeEach(async () => {
  const root = temp.fresh();
  checkout = join(root, 'checkout');
  bin = join(root, 'bin');
  for (const directory of [checkout, bin]) await mkdir(directory);
  await copyFile(join(PROJECT_ROOT, 'flyerline'), join(checkout, 'flyerline'));
  await writeFile(join(checkout, 'package.json'), '{}');
  await writeFile(join(checkout, 'package-lock.json'), '{"lock": 1}');
  for (const tool of TOOLS) await symlink((await findExecutable(tool))!, join(bin, tool));
});

describe('with a Node that is new enough', () => {
  beforeEach(() => Promise.all([node('v22.18.0'), npm()]));

  it('installs the packages once, then runs the command without a call of npm', async () => {
    const first = await launch(['run', 'nightly', '--note', 'two words']);
    expect(first).toMatchObject({
      exitCode: 0,
      stdout: 'node v22.18.0: main.ts run nightly --note two words\n',
    });
    expect(first.stderr).toBe('flyerline: Installing npm packages (once, about a minute) …\n');
    expect(await npmCalls()).toHaveLength(1);

    const second = await launch(['--version']);
    expect(second).toEqual({ exitCode: 0, stdout: 'node v22.18.0: main.ts --version\n', stderr: '' });
    expect(await npmCalls()).toHaveLength(1);
    expect(await readFile(join(checkout, 'node_modules/installed'), 'utf8')).toBe('{"lock": 1}');
  });

  it('installs again when the lock file has changed', async () => {
    await launch([]);
    await writeFile(join(checkout, 'package-lock.json'), '{"lock": 2}');
    await launch([]);
    expect(await npmCalls()).toHaveLength(2);
    expect(await readFile(join(checkout, 'node_modules/installed'), 'utf8')).toBe('{"lock": 2}');
  });

  it('keeps what was installed when npm fails, and shows its last words', async () => {
    await launch([]);
    await writeFile(join(checkout, 'package-lock.json'), '{"lock": 2}');
    await program('npm', 'echo "npm error network" >&2; exit 1');
    const failed = await launch([]);
    expect(failed).toMatchObject({ exitCode: 3, stdout: '' });
    expect(failed.stderr).toMatch(/npm error network\n✗ npm could not install .*\n {2}→ check the network/);
    expect(await readFile(join(checkout, 'node_modules/installed'), 'utf8')).toBe('{"lock": 1}');
  });

  it('lets one of two launchers install, and the other wait for it', async () => {
    await npm('sleep 1');
    const both = await Promise.all([launch([]), launch([])]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(both.map(({ stderr }) => stderr).join('')).toContain('Waiting for another ./flyerline');
    expect(await npmCalls()).toHaveLength(1);
  });

  it('takes over from a launcher that died while it installed', async () => {
    const dead = await runProgram('/bin/sh', ['-c', 'echo $$']);
    await mkdir(join(checkout, '.runtime/lock'), { recursive: true });
    await writeFile(join(checkout, '.runtime/lock/owner'), dead.stdout);
    const { exitCode, stderr } = await launch([]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.not.stringContaining('Waiting') });
  });

  it('works from any directory, through symbolic links, and leaves the directory as it is', async () => {
    const elsewhere = temp.fresh();
    await mkdir(join(elsewhere, 'links'));
    await symlink(join(checkout, 'flyerline'), join(elsewhere, 'links/absolute'));
    await symlink('links/absolute', join(elsewhere, 'relative'));
    await program('node', '[ "$1" = --version ] && echo v24.1.0 && exit', 'echo "$PWD $3"');
    const { stdout } = await runProgram('./relative', [], { cwd: elsewhere, env: { PATH: bin } });
    expect(stdout.trim()).toBe(`${elsewhere} ${join(checkout, 'cli/main.ts')}`);
  });

  it('gives Node a cache for compiled code and enough threads', async () => {
    await program(
      'node',
      '[ "$1" = --version ] && echo v24.1.0 && exit',
      'echo "$NODE_COMPILE_CACHE $UV_THREADPOOL_SIZE"',
    );
    expect((await launch([])).stdout).toBe(`${join(checkout, '.runtime/compile-cache')} 16\n`);
  });
});

describe('with an old Node', () => {
  it.each(['v20.20.2', 'v22.17.9', 'v23.5.0', 'nonsense'])(
    '%s: installs a new one beside it, once',
    async (version) => {
      await Promise.all([node(version), npm()]);
      const first = await launch(['--version']);
      expect(first).toMatchObject({ exitCode: 0, stdout: 'node v24.99.0: main.ts --version\n' });
      expect(first.stderr).toContain(
        'flyerline: Installing Node.js 24 into .runtime (once, about 60 MB) …\n',
      );
      expect(await npmCalls()).toEqual([
        expect.stringMatching(/install .*node-\S+@24/),
        expect.stringContaining('install'),
      ]);
      expect((await launch(['--version'])).stderr).toBe('');
      expect(await npmCalls()).toHaveLength(2);
    },
  );

  it('and without npm: says what to install', async () => {
    await node('v20.20.2');
    const { exitCode, stderr } = await launch([]);
    expect(exitCode).toBe(3);
    expect(stderr).toBe(
      '✗ Node.js 22.18 or newer is not on the PATH, and there is no npm to install it with.\n' +
        '  → install Node.js from https://nodejs.org (or: apt-get install nodejs npm), then try again\n',
    );
  });

  it('on a kind of machine that the registry has no Node for: says so', async () => {
    await Promise.all([npm(), rm(join(bin, 'uname'))]);
    await program('uname', 'case $1 in -s) echo SunOS;; *) echo sparc;; esac');
    const { exitCode, stderr } = await launch([]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 3,
      stderr: expect.stringContaining('no package of it for SunOS sparc'),
    });
  });
});

it('is plain POSIX shell', () => {
  const text = readFileSync(join(PROJECT_ROOT, 'flyerline'), 'utf8');
  expect(text).toMatch(/^#!\/bin\/sh\n/);
  expect(text).not.toMatch(/\[\[|\blocal\b|<<<|\bfunction\b|\$'/);
});

function launch(args: readonly string[]) {
  return runProgram(join(checkout, 'flyerline'), args, { env: { PATH: bin } });
}

async function npmCalls(): Promise<string[]> {
  return (await readFile(join(bin, 'npm-calls'), 'utf8')).trim().split('\n');
}

/** Answers `--version`, else says what it was asked to run. */
function node(version: string): Promise<void> {
  return program('node', nodeBody(version));
}

function nodeBody(version: string): string {
  return `[ "$1" = --version ] && echo ${version} && exit; shift 2; main=\${1##*/}; shift; echo "node ${version}: $main $*"`;
}

/** Fills node_modules of the directory it runs in, as npm would; a package of Node is a working Node. */
async function npm(first = ':'): Promise<void> {
  await writeFile(join(bin, 'new-node'), `#!/bin/sh\n${nodeBody('v24.99.0')}\n`);
  await chmod(join(bin, 'new-node'), 0o755);
  await program(
    'npm',
    first,
    `echo "$*" >>${bin}/npm-calls`,
    'mkdir -p node_modules',
    'for word; do case $word in node-*@24)',
    `  mkdir -p node_modules/\${word%@24}/bin && cp ${bin}/new-node node_modules/\${word%@24}/bin/node;;`,
    'esac; done',
    '[ ! -e package-lock.json ] || cp package-lock.json node_modules/installed',
  );
}

/** A shell script on the PATH of the launcher. */
async function program(name: string, ...lines: readonly string[]): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${lines.join('\n')}\n`);
  await chmod(join(bin, name), 0o755);
}
