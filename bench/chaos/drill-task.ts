/** The one task of the drill: behaves as its name says, publishes its effect, and passes on what it made from what it got. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asset } from '../../engine/asset.ts';
import { RescheduleTask, RetryLater, SkipTask } from '../../engine/signals.ts';
import type { TriggerRule } from '../../engine/states.ts';
import { taskFactory } from '../../engine/task.ts';
import type { TaskContext } from '../../engine/task-context.ts';
import { isFlyerlineError } from '../../infra/errors.ts';
import type { ObjectStore } from '../../lake/object-store.ts';
import { openStore } from '../../lake/open-store.ts';
import { behaviourOf, durationOf, type InstanceName } from './behaviour.ts';
import { publishEffect } from './publish-effect.ts';
import { shareOf } from './seeded.ts';

export interface DrillServices {
  readonly seed: number;
  readonly store: ObjectStore;
  /** Journal of each run, and what instances remember of their earlier attempts. */
  readonly dir: string;
  /** Now and then a process kills itself in the middle of publishing. */
  readonly crashes: boolean;
}

export async function openDrill(seed: number, dir: string, crashes: boolean): Promise<DrillServices> {
  mkdirSync(join(dir, 'journal'), { recursive: true });
  mkdirSync(join(dir, 'memory'), { recursive: true });
  return { seed, dir, crashes, store: await openStore(join(dir, 'lake')) };
}

export const items = asset<readonly string[]>()('items');
export const lists = { in0: items, in1: items } as const;

/** Many attempts, quickly: what fails for good says so. Losses are the drill's own doing. */
const retry = {
  attemptsMax: 12,
  backoffMs: 30,
  backoffFactor: 1,
  backoffMaxMs: 30,
  jitter: 0.2,
  lossesMax: 1_000,
};
const defineTask = taskFactory<DrillServices>();

export function drillTask(options: {
  readonly reads: readonly ('in0' | 'in1')[];
  readonly mapped: boolean;
  readonly triggerRule: TriggerRule;
  /** Ids of the tasks right behind; known once the DAG is wired. */
  readonly behind: readonly string[];
}) {
  const { reads, mapped, triggerRule, behind } = options;
  return defineTask({
    name: 'drill',
    reads: Object.fromEntries(reads.map((name) => [name, items])) as typeof lists,
    makes: items,
    ...(mapped ? { expand: 'in0' as const } : {}),
    triggerRule,
    retry,
    timeoutMs: 60_000,
    run: (ctx, inputs) => act(ctx, triggerRule, inputs, behind) as never,
  });
}

async function act(
  ctx: TaskContext<DrillServices, unknown>,
  rule: TriggerRule,
  inputs: unknown,
  behind: readonly string[],
): Promise<unknown> {
  const { seed, store } = ctx.services;
  const { dagId, taskId, day, mapIndex } = ctx;
  const name = { seed, dagId, taskId, day, mapIndex };
  write(ctx, 'start');
  await sleep(durationOf(name));
  await behave(ctx, name, behind);
  // One that may start early finds what happens to be there: that must not show.
  const isEarly = rule === 'one_success' || rule === 'one_failed';
  const text = `${dagId} ${taskId} ${mapIndex} ${day} ${digest(isEarly ? null : inputs)}\n`;
  const effect = { table: tableOf(name), day, runId: ctx.runId, attempt: ctx.attempt, text };
  try {
    await publishEffect(store, effect, (step) => crashOnce(ctx, name, step));
  } catch (error) {
    // A zombie has claimed later and published; what it has published is found on the next attempt.
    if (isFlyerlineError(error, 'FL_FENCED')) throw new RetryLater('fenced', { delayMs: 20, cause: error });
    throw error;
  }
  write(ctx, 'published');
  const made = digest(text);
  if (mapIndex !== -1) return made;
  const length = Math.floor(shareOf(seed, 'length', dagId, taskId, day) * 5);
  return Array.from({ length }, (_, n) => `${made}.${n}`);
}

/** Tables of few days each, as a log of many versions is another drill's subject. */
export function tableOf({ dagId, taskId, mapIndex, day }: Omit<InstanceName, 'seed'>): string {
  return `${dagId}_${taskId}_${mapIndex === -1 ? 'one' : mapIndex}_${day.slice(0, 7)}`;
}

async function behave(
  ctx: TaskContext<DrillServices, unknown>,
  name: InstanceName,
  behind: readonly string[],
): Promise<void> {
  const behaviour = behaviourOf(name);
  switch (behaviour.kind) {
    case 'fail':
      throw Object.assign(new Error('fails for good'), { retryable: false });
    case 'exhaust':
      throw new Error('fails every time');
    case 'skip':
      throw new SkipTask('nothing to do');
    case 'flaky':
      if (remembered(ctx, name) < behaviour.failures) {
        remember(ctx, name);
        throw new Error('not yet');
      }
      return;
    case 'wait':
      if (remembered(ctx, name) < behaviour.pokes) {
        remember(ctx, name);
        throw new RescheduleTask('not there yet', { delayMs: 100 });
      }
      return;
    case 'short-circuit':
      ctx.shortCircuit('that is all');
      return;
    case 'branch':
      if (behind.length > 0)
        ctx.branch(behind[Math.floor(shareOf(name.seed, 'branch', name.taskId) * behind.length)]!);
      return;
    case 'succeed':
  }
}

/** Counted in a file: Redis may forget an attempt, the instance does not. */
function memoryOf(
  ctx: TaskContext<DrillServices, unknown>,
  { dagId, taskId, day, mapIndex }: InstanceName,
): string {
  return join(ctx.services.dir, 'memory', `${dagId}.${taskId}.${mapIndex}.${day}`);
}

function remembered(ctx: TaskContext<DrillServices, unknown>, name: InstanceName): number {
  return statSync(memoryOf(ctx, name), { throwIfNoEntry: false })?.size ?? 0;
}

function remember(ctx: TaskContext<DrillServices, unknown>, name: InstanceName): void {
  appendFileSync(memoryOf(ctx, name), '.');
}

const CRASH_SHARE = 0.04;

/** Some instances die once, at a step of publishing that is theirs. */
function crashOnce(ctx: TaskContext<DrillServices, unknown>, name: InstanceName, step: string): void {
  if (!ctx.services.crashes) return;
  const { seed, ...where } = name;
  if (shareOf(seed, 'crash', step, ...Object.values(where)) >= CRASH_SHARE) return;
  const mark = `${memoryOf(ctx, name)}.crashed-${step}`;
  if (existsSync(mark)) return;
  writeFileSync(mark, '');
  process.kill(process.pid, 'SIGKILL');
}

/** `start t3[1]#2`: small lines, appended in one write each, in the order in which things happened. */
function write(
  { services, dagId, runId, taskId, mapIndex, attempt }: TaskContext<DrillServices, unknown>,
  what: string,
): void {
  appendFileSync(journalOf(services.dir, dagId, runId), `${what} ${taskId}[${mapIndex}]#${attempt}\n`);
}

export function journalOf(dir: string, dagId: string, runId: string): string {
  return join(dir, 'journal', `${dagId}.${runId.replaceAll(':', '-')}`);
}

function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('hex')
    .slice(0, 16);
}
