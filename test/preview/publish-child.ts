/** A process that publishes a preview and stops after a step, to be killed there: `publish-child.ts <lake> <drops> <scratch directory> <id> <step>`. */
import { openStore } from '../../lake/open-store.ts';
import { readPreview } from '../../lake/preview/preview-doc.ts';
import { publishPreview } from '../../tasks/preview/publish-preview.ts';

// Listening keeps the process alive until it is killed, or its parent is gone.
process.on('message', () => {});
process.on('disconnect', () => process.exit(1));

const [lakeUrl, dropsUrl, scratchDir, id, last] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const lake = await openStore(lakeUrl);
const drops = await openStore(dropsUrl, { readOnly: true });
await publishPreview(
  { lake, drops, scratchDir, memoryLimitBytes: 256 << 20, threads: 1 },
  await readPreview(lake, id),
  {
    signal: new AbortController().signal,
    onStep(step) {
      if (step !== last) return;
      process.send!(step);
      return new Promise(() => {});
    },
  },
);
