/** Tasks of DAGs that are never run: a list, and what is done to each of its elements. */
import { asset } from '../../engine/asset.ts';
import { defineTask } from '../../engine/task.ts';

export const numbers = asset<readonly number[]>()('numbers');

export const list = defineTask({ name: 'list', makes: numbers, run: () => [] });

export const each = defineTask({
  name: 'each',
  reads: { n: numbers },
  makes: numbers,
  expand: 'n',
  run: (_ctx, { n }) => n,
});
