/** Sensors: they look, give the worker back, and look again. */
import { expect, it } from 'vitest';
import { asset } from '../../engine/asset.ts';
import { dag } from '../../engine/dag.ts';
import { runLocally } from '../../engine/local-executor.ts';
import { sensorFactory } from '../../engine/sensor.ts';
import { taskFactory } from '../../engine/task.ts';

interface Inbox {
  look(): string | undefined;
}
const drop = asset<{ readonly key: string }>()('drop');
const awaitDrop = sensorFactory<Inbox>()({
  name: 'await-drop',
  makes: drop,
  waitsFor: 'the drop of the day',
  pokeEveryMs: 5,
  waitMaxMs: 60,
  poke({ services, day }) {
    const key = services.look();
    return key === undefined ? undefined : { key: `${day}/${key}` };
  },
});
const readDrop = taskFactory<Inbox>()({
  name: 'read-drop',
  reads: { drop },
  makes: asset<string>()('text'),
  run: (_ctx, inputs) => inputs.drop.key,
});
const waiting = dag<Inbox>('waiting', { schedule: null }, (task) =>
  task(readDrop, { drop: task(awaitDrop, {}) }),
);

it('makes its asset once it is there', async () => {
  let looks = 0;
  const services = { look: () => (++looks < 4 ? undefined : 'a.csv') };
  const { tasks } = await runLocally(waiting, { day: '2018-10-01', services });
  expect(tasks).toMatchObject([{ state: 'success', attempts: 4 }, { result: '2018-10-01/a.csv' }]);
});

it('fails when it has waited too long, and says for what', async () => {
  const { state, tasks } = await runLocally(waiting, {
    day: '2018-10-01',
    services: { look: () => undefined },
  });
  expect(state).toBe('failed');
  expect(tasks[0]?.error?.message).toMatch(/^Waited \d+ ms of at most 60 ms: for the drop of the day$/);
});
