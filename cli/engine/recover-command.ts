/** `recover`: what of Redis can be rebuilt is rebuilt from the lake. */
import { recoverRuns } from '../../engine/archive/recover-runs.ts';
import { runHistory } from '../../engine/archive/run-history.ts';
import { type LakeOptions, withLake } from '../lake/open-lake.ts';
import { style } from '../terminal.ts';
import { withEngine } from './with-engine.ts';

export type RecoverOptions = LakeOptions;

export async function recover(options: RecoverOptions): Promise<void> {
  await withEngine(options, (engine, { json }) =>
    withLake(options, 'read', async (store) => {
      const recovered = await recoverRuns(engine, runHistory(store, engine.prefix));
      if (json) return void process.stdout.write(`${JSON.stringify(recovered)}\n`);
      const { ended, again, unreadable } = recovered;
      const lines = [
        `${style.green('✓')} runs put back as they were: ${ended}; asked for again: ${again}`,
        ...unreadable.map((what) => `${style.yellow('!')} cannot be read: ${what}`),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    }),
  );
}
