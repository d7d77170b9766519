/** The little of Airflow's REST API that the benchmark needs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

export interface AirflowApi {
  knows(dagIds: readonly string[]): Promise<boolean>;
  /** Makes a run and waits for its end; what that took, ms. Throws when the run fails. */
  run(dagId: string, signal: AbortSignal): Promise<number>;
}

const ASK_TIMEOUT_MS = 30_000;
/** Seldom enough to cost it little, and little beside seconds. */
const POLL_MS = 100;

const tokenReply = z.object({ access_token: z.string() });
const runReply = z.object({ dag_run_id: z.string(), state: z.string() });

/** Throws while the server is not there. */
export async function airflowApi(port: number): Promise<AirflowApi> {
  const url = `http://127.0.0.1:${port}`;
  const { access_token } = tokenReply.parse(await (await fetch(`${url}/auth/token`, asking())).json());
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
  const ask = (path: string, more: RequestInit = {}) =>
    fetch(`${url}/api/v2/dags/${path}`, { headers, ...asking(), ...more });
  const runOf = async (reply: Response) => {
    if (!reply.ok) throw new Error(`HTTP ${reply.status}: ${(await reply.text()).slice(0, 150)}`);
    return runReply.parse(await reply.json());
  };
  return {
    async knows(dagIds) {
      const replies = await Promise.all(dagIds.map((dagId) => ask(dagId)));
      return replies.every(({ ok }) => ok);
    },
    async run(dagId, signal) {
      const startMs = performance.now();
      const body = JSON.stringify({ logical_date: null });
      let run = await runOf(await ask(`${dagId}/dagRuns`, { method: 'POST', body }));
      while (run.state !== 'success') {
        if (run.state === 'failed') throw new Error(`its run of ${dagId} has failed`);
        await sleep(POLL_MS, undefined, { signal });
        run = await runOf(await ask(`${dagId}/dagRuns/${encodeURIComponent(run.dag_run_id)}`));
      }
      return performance.now() - startMs;
    },
  };
}

const asking = (): RequestInit => ({ signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
