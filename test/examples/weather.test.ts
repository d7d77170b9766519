/** How a DAG is tested: its services are given by the test, and it runs to the end in this process. */
import { expect, it } from 'vitest';
import { testDag } from '../../engine/test-dag.ts';
import { type Services, weather } from '../../examples/weather.ts';

const day = '2018-10-01';
const stations = ['Halifax', 'Toronto', 'Victoria'];

it('reports the warmest station', async () => {
  const services: Services = {
    stations: async () => stations,
    readings: async (station) => (station === 'Toronto' ? [12, 14] : [9, 10]),
  };
  const { state, results } = await testDag(weather, { day, services });
  expect(state).toBe('success');
  expect(results['average-station']).toHaveLength(3);
  expect(results['write-report']).toEqual({ day, warmest: 'Toronto' });
});

it('asks a station again that did not answer', async () => {
  const asked: string[] = [];
  const services: Services = {
    stations: async () => stations,
    async readings(station) {
      asked.push(station);
      if (asked.length === 1) throw new Error('no answer');
      return [10];
    },
  };
  const { state, summary } = await testDag(weather, { day, services });
  expect(state).toBe('success');
  expect(asked).toHaveLength(4);
  expect(summary.tasks.map(({ attempts }) => attempts).toSorted()).toEqual([1, 1, 1, 1, 2]);
});

it('writes no report when a station stays silent', async () => {
  const services: Services = {
    stations: async () => stations,
    async readings(station) {
      if (station === 'Halifax') throw new Error('no answer');
      return [10];
    },
  };
  const { state, states, errors } = await testDag(weather, { day, services });
  expect(state).toBe('failed');
  expect(states).toEqual({
    'list-stations': 'success',
    'average-station[0]': 'failed',
    'average-station[1]': 'success',
    'average-station[2]': 'success',
    'write-report': 'upstream_failed',
  });
  expect(errors).toEqual({ 'average-station[0]': 'no answer' });
});

it('has nothing to average where there is no station', async () => {
  const services: Services = { stations: async () => [], readings: async () => [] };
  const { states } = await testDag(weather, { day, services });
  expect(states).toEqual({
    'list-stations': 'success',
    'average-station': 'skipped',
    'write-report': 'skipped',
  });
});
