/** What the orchestration benchmark says of its figures, and what one can ask of it. */
import { describe, expect, it } from 'vitest';
import { besideOurs, isMet, type ScenarioResult } from '../../bench/orchestration/result.ts';
import { runFlyerline } from '../support/run-command.ts';

const ms = (value: number) => ({ title: 'median', value, unit: 'ms' as const });

describe('bench orchestration', () => {
  it('sets a peer beside the first figure of ours for the same, where that was measured', () => {
    const chain: ScenarioResult = { name: 'chain', title: '', figures: [ms(50), ms(90)] };
    const peer: ScenarioResult = {
      name: 'prefect',
      title: '',
      figures: [
        { ...ms(1_500), like: 'chain' },
        { ...ms(900), like: 'steps' },
      ],
    };
    const [, beside] = besideOurs([chain, peer]);
    expect(beside!.figures.map(({ times }) => times)).toEqual([30, undefined]);
  });

  it('breaks no promise with what cannot run here', () => {
    const [airflow] = besideOurs([{ name: 'airflow', title: '', figures: [], missing: 'no Python' }]);
    expect(airflow).toMatchObject({ missing: 'no Python' });
    expect(airflow!.figures.every(isMet)).toBe(true);
    expect(isMet({ ...ms(11), limit: 10, relation: '≤' })).toBe(false);
  });

  it('names the scenarios there are when asked for another', async () => {
    const { exitCode, stderr } = await runFlyerline(['bench', 'orchestration', '--only', 'chains']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('chain, steps, linear, fan-out, backfill, bullmq, prefect, airflow');
  });
});
