/** `defineTask` for the tasks of this pipeline: `ctx.services` is what `services.ts` says. */
import { taskFactory } from '../engine/task.ts';
import type { Services } from './services.ts';

export const defineTask = taskFactory<Services>();
