/** The DAG reference shows an example that runs, and names every option, rule and state there is. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runLocally } from '../../engine/local-executor.ts';
import { TASK_STATES, TRIGGER_RULES } from '../../engine/states.ts';
import { type Services, weather } from '../../examples/weather.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const reference = read('docs/reference/dag.md');

describe('docs/reference/dag.md', () => {
  it('shows the example as it is', () => {
    expect(reference).toContain(`\`\`\`ts\n${read('examples/weather.ts')}\`\`\``);
  });

  it('shows an example that runs', async () => {
    const services: Services = {
      stations: async () => ['Halifax', 'Toronto', 'Victoria'],
      readings: async (station, day) => (day === '2018-10-01' ? [station.length, 10] : []),
    };
    const summary = await runLocally(weather, { day: '2018-10-01', services });
    expect(summary.state).toBe('success');
    expect(summary.tasks.at(-1)?.result).toEqual({ day: '2018-10-01', warmest: 'Victoria' });
    expect(summary.tasks.map(({ taskId }) => taskId)).toEqual([
      'list-stations',
      ...Array(3).fill('average-station'),
      'write-report',
    ]);
  });

  it('has a guide that shows a test of it, and a module for workers, as they are', () => {
    const guide = read('docs/guides/write-and-test-a-dag.md');
    for (const path of ['test/examples/weather.test.ts', 'examples/weather-pipelines.ts'])
      expect(guide).toContain(`\`\`\`ts\n${read(path)}\`\`\``);
    for (const member of membersOf(read('engine/test-dag.ts'), 'TestedDag'))
      expect(guide, member).toContain(`\`${member}\``);
  });

  it('names every trigger rule and state', () => {
    for (const word of [...TRIGGER_RULES, ...TASK_STATES]) expect(reference, word).toContain(`\`${word}\``);
  });

  it.each([
    ['engine/dag.ts', 'DagOptions'],
    ['engine/dag.ts', 'WireOptions'],
    ['engine/task.ts', 'TaskOptions'],
    ['engine/task.ts', 'TaskSpec'],
    ['engine/task-context.ts', 'TaskContext'],
    ['engine/graph.ts', 'RetryPolicy'],
    ['engine/sensor.ts', 'SensorSpec'],
  ])('names every member of %s %s', (path, name) => {
    for (const member of membersOf(read(path), name)) expect(reference, member).toContain(`\`${member}`);
  });
});

/** The members of an interface, read from its source. */
function membersOf(source: string, name: string): readonly string[] {
  const start = source.indexOf(`export interface ${name}`);
  const body = source.slice(source.indexOf('{\n', start), source.indexOf('\n}', start));
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => member!);
  expect(members, `members of ${name}`).not.toEqual([]);
  return members;
}
