/** The DAGs a process works with, and the services of their tasks: the project's own, or those of another module. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Dag } from '../engine/dag.ts';
import type { Config } from '../infra/config.ts';
import { FlyerlineError } from '../infra/errors.ts';

export interface Pipelines {
  readonly dags: readonly Dag[];
  readonly createServices: (config: Config) => Promise<unknown>;
  readonly closeServices: (services: unknown) => Promise<void>;
}

/** What such a module exports: `dags`, and `createServices` and `closeServices` when its tasks use any. */
type PipelinesModule = Partial<Omit<Pipelines, 'closeServices'>> & {
  readonly closeServices?: (services: never) => Promise<void>;
};

/** Names the project's own DAGs and services. */
export const OWN_PIPELINES = '';

/** @param path of a module, absolute or from the working directory. Throws FL_CONFIG_INVALID when it exports no DAGs. */
export async function loadPipelines(path: string): Promise<Pipelines> {
  const module = path === OWN_PIPELINES ? await loadOwn() : await loadOther(path);
  const { dags, createServices = async () => ({}), closeServices = async () => {} } = module;
  if (dags === undefined) {
    throw new FlyerlineError('FL_CONFIG_INVALID', {
      subject: `Module "${path}"`,
      reason: 'exports no "dags"',
      remedy: 'export const dags = [ … ], as pipelines/index.ts does',
      retryable: false,
    });
  }
  return { dags, createServices, closeServices: closeServices as Pipelines['closeServices'] };
}

async function loadOwn(): Promise<PipelinesModule> {
  const [registry, services] = await Promise.all([
    import('../pipelines/index.ts'),
    import('../pipelines/services.ts'),
  ]);
  return { ...registry, ...services };
}

async function loadOther(path: string): Promise<PipelinesModule> {
  if (!existsSync(path)) {
    throw new FlyerlineError('FL_CONFIG_INVALID', {
      subject: `Module "${path}"`,
      reason: 'does not exist',
      remedy: 'give the path of a file, from this directory',
      retryable: false,
    });
  }
  return (await import(pathToFileURL(resolve(path)).href)) as PipelinesModule;
}
