/**
 * A process that publishes one version of a day and dies by SIGKILL after a named step:
 * `node publish-once.ts <lake> <scratch> <step> <options as JSON>`. Says each step on its standard output, and in the end
 * `done`, or `fenced` when a newer claim was there first. S3 as configured in `FLYERLINE_S3_*`.
 */
import { writeSync } from 'node:fs';
import { loadConfig } from '../../infra/config.ts';
import { isFlyerlineError } from '../../infra/errors.ts';
import { openStore } from '../../lake/open-store.ts';
import { commitSample, exportSample, openSampleDuck, type SampleOptions } from './sample-publish.ts';

const [lakeUrl, scratchDir, dieAfter, json] = process.argv.slice(2);
const options = JSON.parse(json!) as SampleOptions;
const store = await openStore(lakeUrl!, { s3: loadConfig().s3 });
const duck = await openSampleDuck(scratchDir!);
const say = (line: string) => writeSync(1, `${line}\n`);
const onStep = (step: string) => {
  say(step);
  if (step === dieAfter) process.kill(process.pid, 'SIGKILL');
};
try {
  await commitSample(store, duck, scratchDir!, { ...options, onStep });
  await exportSample(store, duck, scratchDir!, options.day, onStep);
  say('done');
} catch (error) {
  if (!isFlyerlineError(error, 'FL_FENCED')) throw error;
  say('fenced');
}
await duck.close();
await store.close();
