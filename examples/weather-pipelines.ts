/** What `--pipelines` names: the DAGs of a project of one's own, and what their tasks are lent. */
import { type Services, weather } from './weather.ts';

export const dags = [weather];

/** Once per process that runs attempts; `closeServices`, when there is one, is called at its end. */
export async function createServices(): Promise<Services> {
  return {
    stations: async () => ['Halifax', 'Toronto', 'Victoria'],
    // Where a real one would ask the stations.
    readings: async (station, day) => [station.length, Number(day.slice(-2))],
  };
}
