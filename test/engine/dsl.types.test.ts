/** What must not compile. `tsc` is the judge: an `@ts-expect-error` that finds no error is an error itself. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asset } from '../../engine/asset.ts';
import { dag } from '../../engine/dag.ts';
import { taskFactory } from '../../engine/task.ts';

interface Shop {
  readonly till: { ring(): number };
}
const defineTask = taskFactory<Shop>();

const apples = asset<readonly { readonly kg: number }[]>()('apples');
const pears = asset<readonly { readonly kg: number }[]>()('pears');
const juice = asset<{ readonly litres: number }>()('juice');

const pickApples = defineTask({ name: 'pick-apples', makes: apples, run: () => [{ kg: 3 }] });
const pickPears = defineTask({ name: 'pick-pears', makes: pears, run: async () => [{ kg: 2 }] });
const washApples = defineTask({
  name: 'wash-apples',
  reads: { crate: apples },
  makes: apples,
  expand: 'crate',
  async run({ services, mapIndex }, { crate }) {
    const kg: number = crate.kg - services.till.ring() * mapIndex;
    return { kg };
  },
});
const press = defineTask({
  name: 'press',
  reads: { crates: apples },
  makes: juice,
  run: (_ctx, { crates }) => ({ litres: crates.reduce((sum, { kg }) => sum + kg / 2, 0) }),
});

const options = { schedule: null };

describe('the DAG language, as the compiler sees it', () => {
  it('wires assets to the tasks that read them', () => {
    const built = dag<Shop>('juice', options, (task) => {
      const picked = task(pickApples, {});
      const washed = task(washApples, { crate: picked });
      task(press, { crates: washed });
    });
    expect(built.graph.tasks.map(({ id, upstream }) => [id, upstream])).toEqual([
      ['pick-apples', []],
      ['wash-apples', ['pick-apples']],
      ['press', ['wash-apples']],
    ]);
  });

  it('refuses an asset where another is read, even of the same shape', () => {
    expect(() =>
      dag<Shop>('juice', options, (task) => {
        // @ts-expect-error pears are no apples
        task(press, { crates: task(pickPears, {}) });
      }),
    ).toThrow('DAG "juice" passes "pears" (task "pick-pears") to input "crates" of task "press"');
  });

  it('refuses a missing and an extra input', () => {
    expect(() =>
      dag<Shop>('juice', options, (task) => {
        // @ts-expect-error crates is missing
        task(press, {});
      }),
    ).toThrow('leaves input "crates" of task "press" unwired');
    expect(() =>
      dag<Shop>('juice', options, (task) => {
        const picked = task(pickApples, {});
        // @ts-expect-error there is no input named sugar
        task(press, { crates: picked, sugar: picked });
      }),
    ).toThrow('gives task "press" an input "sugar"; wire only what it reads: "crates"');
    expect(() =>
      dag<Shop>('juice', options, (task) => {
        const picked = task(pickApples, {});
        // @ts-expect-error a task that reads nothing takes nothing
        task(pickPears, { crates: picked });
      }),
    ).toThrow('wire only what it reads: nothing');
  });

  it('refuses a run function that returns something else than the asset', () => {
    defineTask({
      name: 'wrong',
      makes: juice,
      // @ts-expect-error pints are no litres
      run: () => ({ pints: 2 }),
    });
    defineTask({
      name: 'wrong-map',
      reads: { crate: apples },
      makes: apples,
      expand: 'crate',
      // @ts-expect-error one instance makes one element, not the list
      run: () => [{ kg: 1 }],
    });
    expect(press.makes.name).toBe('juice');
  });

  it('refuses to map over what is no list, into what is no list, or over no input', () => {
    defineTask({
      name: 'map-juice',
      reads: { juice },
      makes: apples,
      // @ts-expect-error juice is one reference, not a list
      expand: 'juice',
      run: () => [{ kg: 1 }],
    });
    defineTask({
      name: 'map-into-juice',
      reads: { crate: apples },
      // @ts-expect-error the instances' results make a list, and juice is none
      makes: juice,
      expand: 'crate',
      run: () => undefined as never,
    });
    defineTask({
      name: 'typo',
      reads: { crate: apples },
      makes: apples,
      // @ts-expect-error there is no input named crates
      expand: 'crates',
      run: () => ({ kg: 1 }) as never,
    });
    expect(washApples.expand).toBe('crate');
  });

  it('lets a mapped task make nothing', () => {
    const eat = defineTask({ name: 'eat', reads: { apple: apples }, expand: 'apple', run: async () => {} });
    const eaten = dag<Shop>('eaten', options, (task) => task(eat, { apple: task(pickApples, {}) }));
    expect(eaten.graph.tasks[1]?.expand).toBe('apple');
  });

  it('makes inputs optional where the trigger rule lets a task run after failures', () => {
    const report = defineTask({
      name: 'report',
      reads: { crates: apples },
      triggerRule: 'all_done',
      run(_ctx, { crates }) {
        // @ts-expect-error crates may be undefined
        crates.length;
        expect(crates?.length).toBe(1);
      },
    });
    expect(report.triggerRule).toBe('all_done');
    void report.run({} as never, { crates: [{ kg: 1 }] });
  });

  it('types the parameters by the schema of the task', () => {
    const sell = defineTask({
      name: 'sell',
      params: z.object({ price: z.number() }),
      run({ params }) {
        const price: number = params.price;
        // @ts-expect-error there is no discount
        params.discount;
        expect(price).toBe(4);
      },
    });
    void sell.run({ params: { price: 4 } } as never, {});
  });

  it('refuses a task whose services the DAG does not have', () => {
    const fly = taskFactory<{ readonly plane: string }>()({
      name: 'fly',
      run: ({ services }) => void services.plane,
    });
    dag<Shop>('juice', options, (task) => {
      // @ts-expect-error a shop has no plane
      task(fly, {});
    });
    expect(fly.name).toBe('fly');
  });
});
