/** Which results are shown: of one table, and only those that warn or block. */
import type { CheckResult, CheckStatus } from '../../tasks/checks/check-result.ts';
import { type Style, style } from '../terminal.ts';

export const ONLY = ['failed', 'warn'] as const;

export interface NotableOptions {
  readonly table?: string;
  readonly only?: (typeof ONLY)[number];
}

const STATUS_OF = { failed: 'blocked', warn: 'warned' } as const satisfies Record<string, CheckStatus>;

export function isShown({ table, only }: NotableOptions): (result: CheckResult) => boolean {
  return (result) =>
    (table === undefined || result.table === table) &&
    (only === undefined || result.status === STATUS_OF[only]);
}

const COLOUR: Readonly<Record<CheckStatus, keyof Style>> = {
  passed: 'green',
  warned: 'yellow',
  blocked: 'red',
};

export function statusText(status: CheckStatus, isAccepted = false): string {
  return style[COLOUR[status]](isAccepted ? 'accepted' : status);
}
