/** A local run as live lines: one per task, with how many of its instances are done. */
import type { DagGraph } from '../../engine/graph.ts';
import type { LocalEvent } from '../../engine/local-executor.ts';
import type { TaskState } from '../../engine/states.ts';
import { ProgressDisplay, type ProgressState } from '../terminal.ts';

const SHOWN: Partial<Readonly<Record<TaskState, ProgressState>>> = {
  success: 'done',
  failed: 'failed',
  upstream_failed: 'skipped',
  skipped: 'skipped',
};

export class RunProgress {
  readonly #display = new ProgressDisplay();
  readonly #instancesDone = new Map<string, number>();

  constructor(graph: DagGraph) {
    for (const { id } of graph.tasks) this.#display.update(id, { label: id, state: 'waiting' });
  }

  show(event: LocalEvent): void {
    switch (event.type) {
      case 'attempt-started':
        this.#display.update(event.taskId, {
          state: 'running',
          ...(event.mapCount > 1
            ? { total: event.mapCount, done: this.#instancesDone.get(event.taskId) ?? 0 }
            : {}),
        });
        return;
      case 'progress':
        // Of a mapped task, the bar counts instances.
        if (event.mapIndex !== -1) return;
        this.#display.update(event.taskId, {
          done: event.done,
          total: event.total,
          ...(event.note === undefined ? {} : { note: event.note }),
        });
        return;
      case 'attempt-ended':
        this.#ended(event);
        return;
      case 'task-finished':
        this.#display.update(event.taskId, { state: SHOWN[event.state] ?? 'done', note: '' });
        return;
      case 'run-started':
      case 'run-finished':
    }
  }

  stop(): void {
    this.#display.stop();
  }

  #ended(event: Extract<LocalEvent, { type: 'attempt-ended' }>): void {
    if (event.state === 'up_for_retry' && event.outcome.kind === 'failure') {
      const { message } = event.outcome.error;
      this.#display.update(event.taskId, {
        note: `attempt ${event.attempt} failed, trying again: ${message}`,
      });
    }
    if (event.mapIndex === -1 || event.state !== 'success') return;
    const done = (this.#instancesDone.get(event.taskId) ?? 0) + 1;
    this.#instancesDone.set(event.taskId, done);
    this.#display.update(event.taskId, { done });
  }
}
