/**
 * A process that publishes one version of a day and dies by SIGKILL after a named step:
 * `node publish-once.ts <lake> <scratch> <step> <options as JSON>`. Says each step on its standard output.
 */
import { writeSync } from 'node:fs';
import { openStore } from '../../lake/open-store.ts';
import { commitSample, exportSample, openSampleDuck, type SampleOptions } from './sample-publish.ts';

const [lakeUrl, scratchDir, dieAfter, json] = process.argv.slice(2);
const options = JSON.parse(json!) as SampleOptions;
const store = await openStore(lakeUrl!);
const duck = await openSampleDuck(scratchDir!);
const onStep = (step: string) => {
  writeSync(1, `${step}\n`);
  if (step === dieAfter) process.kill(process.pid, 'SIGKILL');
};
await commitSample(store, duck, scratchDir!, { ...options, onStep });
await exportSample(store, duck, scratchDir!, options.day, onStep);
await duck.close();
await store.close();
