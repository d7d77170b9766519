/** Why a script changed nothing: its negative results, by name. Mirrored in lua/includes/base.lua. */
import { invariant } from '../infra/errors.ts';
import type { Refusal } from './run-events.ts';

export type ScriptRefusal =
  | Refusal
  /** No run of that number: deleted, or lost with Redis. */
  | 'run-unknown'
  /** The attempt is current, but waits for its time or for a slot. */
  | 'not-dispatched'
  /** The graph of that version is not stored yet. */
  | 'graph-unknown';

const REFUSALS: Readonly<Record<number, ScriptRefusal>> = {
  [-1]: 'run-unknown',
  [-2]: 'unknown-instance',
  [-3]: 'stale-attempt',
  [-4]: 'wrong-state',
  [-5]: 'not-expired',
  [-6]: 'run-not-running',
  [-7]: 'not-dispatched',
  [-8]: 'graph-unknown',
};

/** The refusal that a script's reply begins with; undefined when it went well. */
export function refusalOf(reply: readonly unknown[]): ScriptRefusal | undefined {
  const code = Number(reply[0]);
  if (code === 1) return undefined;
  const refusal = REFUSALS[code];
  invariant(refusal !== undefined, `a script replied ${String(reply[0])}`);
  return refusal;
}
