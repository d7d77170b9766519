/** A process that increments a counter object by if-match: `node count-up.ts <directory> <key> <times>`. */
import { isFlyerlineError } from '../../infra/errors.ts';
import { openStore } from '../../lake/open-store.ts';

const [directory, key, times] = process.argv.slice(2);
const store = await openStore(directory!);
for (let done = 0; done < Number(times); ) {
  const { body, info } = await store.get(key!);
  try {
    await store.put(key!, String(Number(body.toString()) + 1), { ifMatch: info.etag });
    done += 1;
    process.stdout.write('.');
  } catch (error) {
    if (!isFlyerlineError(error, 'FL_PRECONDITION')) throw error;
  }
}
