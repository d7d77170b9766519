/** `defineTask` for the tasks of this pipeline: `ctx.services` is what `services.ts` says. */
import { taskFactory } from '../engine/task.ts';
import type { TaskContext } from '../engine/task-context.ts';
import { openPreview } from '../lake/preview/preview-store.ts';
import type { Services } from './services.ts';

const define = taskFactory<Services>();

/** A task of a run with the parameter `preview` is given the lake as that preview sees it, and computes as ever. */
export const defineTask: typeof define = (spec) =>
  define({ ...spec, run: async (ctx, inputs) => spec.run(await asideIfAsked(ctx), inputs) } as typeof spec);

async function asideIfAsked<Params>(ctx: TaskContext<Services, Params>): Promise<typeof ctx> {
  const { preview } = ctx.params as { readonly preview?: unknown };
  if (typeof preview !== 'string') return ctx;
  const lake = await openPreview(ctx.services.lake, preview);
  return { ...ctx, services: { ...ctx.services, lake } };
}
