/** The DAGs and services of the drill as workers and schedulers load them; the seed and the directory come by the environment. */
import { type DrillServices, openDrill } from './drill-task.ts';
import { randomDags } from './random-dags.ts';

const seed = Number(process.env.CHAOS_SEED);

export const dags = randomDags(seed);

export function createServices(): Promise<DrillServices> {
  return openDrill(seed, process.env.CHAOS_DIR!, true);
}
