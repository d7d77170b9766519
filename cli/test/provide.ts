/** Gets what integration tests need before they run: Redis, versitygw, Python with two more S3 servers and readers of the lake. */
import { findExecutable } from '../../infra/find-executable.ts';
import { installRedis } from '../../infra/redis-install.ts';
import type { ProgressDisplay } from '../terminal.ts';
import { findPython, makePython } from './python.ts';
import { buildVersitygw, findVersitygw } from './versitygw.ts';

interface Provision {
  readonly label: string;
  readonly found: () => Promise<string | undefined>;
  /** Resolves to the reason when it cannot be had. */
  readonly provide: () => Promise<string | undefined>;
  readonly doing: string;
}

const PROVISIONS: readonly Provision[] = [
  {
    label: 'Redis',
    found: async () => (await findExecutable('redis-server')) ?? (await findExecutable('valkey-server')),
    provide: async () =>
      (await installRedis(process.env, () => {}))
        ? undefined
        : 'not installed, and not installable from here',
    doing: 'installing it with the package manager',
  },
  {
    label: 'S3 server (versitygw)',
    found: findVersitygw,
    provide: buildVersitygw,
    doing: 'building it with Go (once; some minutes)',
  },
  {
    label: 'Python (S3 servers, readers)',
    found: findPython,
    provide: makePython,
    doing: 'installing packages (once; a minute or two)',
  },
];

export function announceProvisions(progress: ProgressDisplay): void {
  for (const { label } of PROVISIONS) progress.update(label, {});
}

/** All at once. What cannot be had is shown with the reason, and the tests that need it will be skipped. */
export async function provideAll(progress: ProgressDisplay): Promise<void> {
  await Promise.all(PROVISIONS.map((provision) => provide(provision, progress)));
}

async function provide(
  { label, found, provide, doing }: Provision,
  progress: ProgressDisplay,
): Promise<void> {
  const path = await found();
  if (path !== undefined) {
    progress.update(label, { state: 'done', note: path });
    return;
  }
  progress.update(label, { state: 'running', note: doing });
  const reason = await provide();
  if (reason === undefined) progress.update(label, { state: 'done', note: (await found()) ?? '' });
  else progress.update(label, { state: 'skipped', note: reason });
}
