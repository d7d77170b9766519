/** The table of all commands: name, group of the help, file. */
import type { Command } from 'commander';

export type CommandGroup = 'Run' | 'Look' | 'Operate' | 'Develop';

export interface CommandEntry {
  readonly name: string;
  readonly group: CommandGroup;
  /** The file, which exports `command()`; imported only when the command or the help is asked for. */
  readonly load: () => Promise<{ command(): Command }>;
}

/** In the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'demo', group: 'Run', load: () => import('./commands/demo.ts') },
  { name: 'run', group: 'Run', load: () => import('./commands/run.ts') },
  { name: 'up', group: 'Run', load: () => import('./commands/up.ts') },
  { name: 'trigger', group: 'Run', load: () => import('./commands/trigger.ts') },
  { name: 'backfill', group: 'Run', load: () => import('./commands/backfill.ts') },
  { name: 'preview', group: 'Run', load: () => import('./commands/preview.ts') },
  { name: 'generate', group: 'Run', load: () => import('./commands/generate.ts') },
  { name: 'dags', group: 'Look', load: () => import('./commands/dags.ts') },
  { name: 'runs', group: 'Look', load: () => import('./commands/runs.ts') },
  { name: 'logs', group: 'Look', load: () => import('./commands/logs.ts') },
  { name: 'partitions', group: 'Look', load: () => import('./commands/partitions.ts') },
  { name: 'checks', group: 'Look', load: () => import('./commands/checks.ts') },
  { name: 'verify', group: 'Look', load: () => import('./commands/verify.ts') },
  { name: 'explain', group: 'Look', load: () => import('./commands/explain.ts') },
  { name: 'export', group: 'Look', load: () => import('./commands/export.ts') },
  { name: 'snippet', group: 'Look', load: () => import('./commands/snippet.ts') },
  { name: 'snapshot', group: 'Look', load: () => import('./commands/snapshot.ts') },
  { name: 'sql', group: 'Look', load: () => import('./commands/sql.ts') },
  { name: 'scheduler', group: 'Operate', load: () => import('./commands/scheduler.ts') },
  { name: 'worker', group: 'Operate', load: () => import('./commands/worker.ts') },
  { name: 'workers', group: 'Operate', load: () => import('./commands/workers.ts') },
  { name: 'pools', group: 'Operate', load: () => import('./commands/pools.ts') },
  { name: 'clear', group: 'Operate', load: () => import('./commands/clear.ts') },
  { name: 'notify', group: 'Operate', load: () => import('./commands/notify.ts') },
  { name: 'recover', group: 'Operate', load: () => import('./commands/recover.ts') },
  { name: 'rollback', group: 'Operate', load: () => import('./commands/rollback.ts') },
  { name: 'gc', group: 'Operate', load: () => import('./commands/gc.ts') },
  { name: 'test', group: 'Develop', load: () => import('./commands/test.ts') },
  { name: 'bench', group: 'Develop', load: () => import('./commands/bench.ts') },
];
