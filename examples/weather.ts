/** Weather: yesterday's readings of each station become one report. */
import { asset } from '../engine/asset.ts';
import { dag } from '../engine/dag.ts';
import { taskFactory } from '../engine/task.ts';

/** What the tasks are lent. */
export interface Services {
  stations(): Promise<readonly string[]>;
  readings(station: string, day: string): Promise<readonly number[]>;
}
const defineTask = taskFactory<Services>();

// Assets: a name, and the small reference by which tasks pass the data on.
const stations = asset<readonly string[]>()('stations');
const means = asset<readonly { readonly station: string; readonly meanC: number }[]>()('means');
const report = asset<{ readonly day: string; readonly warmest: string }>()('report');

const listStations = defineTask({
  name: 'list-stations',
  makes: stations,
  run: ({ services }) => services.stations(),
});

const averageStation = defineTask({
  name: 'average-station',
  reads: { station: stations },
  makes: means,
  expand: 'station', // One instance per station; each makes one element of `means`.
  retry: { attemptsMax: 5, backoffMs: 2000 },
  timeoutMs: 60_000,
  async run({ services, day }, { station }) {
    const readings = await services.readings(station, day);
    return { station, meanC: readings.reduce((sum, each) => sum + each, 0) / readings.length };
  },
});

const writeReport = defineTask({
  name: 'write-report',
  reads: { all: means },
  makes: report,
  run({ day }, { all }) {
    const [warmest] = all.toSorted((a, b) => b.meanC - a.meanC);
    return { day, warmest: warmest!.station };
  },
});

export const weather = dag<Services>(
  'weather',
  {
    schedule: '15 3 * * *',
    timezone: 'America/Toronto',
    dataInterval: 'previous-day',
    startDate: '2018-10-01',
    catchup: true,
  },
  (task) => {
    const listed = task(listStations, {});
    const averaged = task(averageStation, { station: listed });
    task(writeReport, { all: averaged }); // Passing `listed` here does not compile.
  },
);
