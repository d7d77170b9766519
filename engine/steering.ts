/** What a running task says about those behind it: follow only these, or none at all. */
import { FlyerlineError } from '../infra/errors.ts';
import type { Dag } from './dag.ts';
import { descendantsOf, indexGraph, type TaskNode } from './graph.ts';

export interface Steering {
  shortCircuit(reason: string): void;
  branch(...taskIds: readonly string[]): void;
  outcome(): { readonly shortCircuit?: string; readonly notFollowed?: readonly string[] };
}

export function startSteering(dag: Dag, node: TaskNode): Steering {
  const behind = indexGraph(dag.graph).downstream.get(node.id)!;
  let shortCircuit: string | undefined;
  let followed: Set<string> | undefined;
  return {
    shortCircuit(reason) {
      shortCircuit = reason;
    },
    branch(...taskIds) {
      if (node.expand !== undefined) {
        throw wrongBranch(node, 'branches, but it is mapped', 'branch in a task that runs once');
      }
      for (const taskId of taskIds) {
        if (behind.includes(taskId)) continue;
        const names = behind.map((id) => `"${id}"`).join(', ') || 'none';
        throw wrongBranch(node, `branches to "${taskId}"`, `name tasks right behind it: ${names}`);
      }
      followed = new Set(taskIds);
    },
    outcome: () => ({
      ...(shortCircuit === undefined ? {} : { shortCircuit }),
      ...(followed === undefined ? {} : { notFollowed: notFollowed(dag, behind, followed) }),
    }),
  };
}

/** A task that lies behind a followed one, too, joins the branches: it is not skipped. */
function notFollowed(dag: Dag, behind: readonly string[], followed: ReadonlySet<string>): readonly string[] {
  const joined = new Set([...followed].flatMap((taskId) => descendantsOf(dag.graph, taskId)));
  return behind.filter((taskId) => !followed.has(taskId) && !joined.has(taskId));
}

function wrongBranch(node: TaskNode, reason: string, remedy: string): FlyerlineError {
  return new FlyerlineError('FL_DAG_INVALID', {
    subject: `Task "${node.id}"`,
    reason,
    remedy,
    retryable: false,
  });
}
