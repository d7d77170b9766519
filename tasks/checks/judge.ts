/** From what was seen to verdicts: severities and limits as the run wants them, and checks that somebody accepts. */
import type { DayParams } from '../day-params.ts';
import { type CheckResult, checkId } from './check-result.ts';
import type { Check, Observation } from './declare.ts';
import { CHECKS } from './declared-checks.ts';

/** The declared checks as a run wants them: without those that it turns off. */
export function checksInUse({ checks }: Pick<DayParams, 'checks'>): Check[] {
  return CHECKS.flatMap((check) => {
    const { severity = check.severity, limit = check.limit } = checks[checkId(check)] ?? {};
    if (severity === 'off') return [];
    return [{ ...check, severity, ...(limit === undefined ? {} : { limit }) }];
  });
}

export function judge(
  checks: readonly Check[],
  observations: ReadonlyMap<string, Observation>,
  accepted: readonly string[],
): CheckResult[] {
  return checks.flatMap((check) => {
    const seen = observations.get(checkId(check));
    if (seen === undefined) return [];
    const { table, name, severity } = check;
    const { observed, isGood, expected, detail, zScore } = seen;
    const isAccepted = !isGood && severity === 'block' && accepted.includes(checkId(check));
    const status = isGood ? 'passed' : severity === 'block' && !isAccepted ? 'blocked' : 'warned';
    return [
      {
        ...{ table, name, severity, status, observed, expected, detail },
        ...(zScore === undefined ? {} : { zScore }),
        ...(isAccepted ? { isAccepted } : {}),
      },
    ];
  });
}
