/** The state of a partition, computed from facts: what is committed, what it would be made of now, and which run is about it. */

/** From what needs somebody soonest to what needs nobody. */
export const PARTITION_STATES = [
  'failed',
  'running',
  'stale-input',
  'stale-code',
  'missing',
  'pinned',
  'fresh',
] as const;
export type PartitionState = (typeof PARTITION_STATES)[number];

/** Whether late inputs may still change it without anybody being surprised. */
export type Finality = 'provisional' | 'final';

/** What a version was made of, or what the next one would be made of. */
export interface Recipe {
  /** Equal for equal lists of inputs. */
  readonly inputsDigest: string;
  readonly inputCount: number;
  readonly codeVersion: string;
  readonly definitionVersion: string;
  readonly paramsDigest: string;
}

/** The committed version that readers see. */
export interface HeadFacts extends Recipe {
  /** Number of the claim that committed it; a greater one is a newer version. */
  readonly claim: number;
  readonly committedAtMs: number;
  readonly runId: string;
  /** What the version says of itself; undefined where the question does not arise. */
  readonly finality?: Finality | undefined;
  /** Whether the exports show this version. */
  readonly isShown: boolean;
}

/** What a run would make it of now. */
export interface ExpectedFacts extends Recipe {
  /** Rows of the partition's own in these inputs. */
  readonly rowCount: number;
  /** Inputs whose names say that they are about the partition, and which nobody has read yet. */
  readonly unread: readonly string[];
  readonly finality: Finality;
}

/** Inputs by name; what is not known is left out. */
export interface InputChanges {
  readonly added: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
}

/** The latest run about the partition, unless it ended well. */
export interface RunFacts {
  readonly runId: string;
  readonly state: 'queued' | 'running' | 'failed';
  readonly endedAtMs?: number | undefined;
  /** Why it failed. */
  readonly error?: string | undefined;
}

export interface PartitionFacts {
  readonly asset: string;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** Undefined when nothing was ever committed. */
  readonly head?: HeadFacts | undefined;
  /** A rollback keeps runs from replacing it. */
  readonly isPinned: boolean;
  readonly expected: ExpectedFacts;
  readonly run?: RunFacts | undefined;
  /** What its inputs are. @default 'drop' */
  readonly inputNoun?: string | undefined;
  /** How its inputs differ from those of the head, when somebody has looked. */
  readonly changes?: InputChanges | undefined;
  /** Parameters that differ, in words: `inactivity_timeout_s 1800 → 900`. */
  readonly paramChanges?: readonly string[] | undefined;
}

export interface Assessment {
  readonly asset: string;
  readonly day: string;
  readonly state: PartitionState;
  /** In words, without a full stop. */
  readonly reason: string;
  readonly finality: Finality;
}

const NAMES_SHOWN_MAX = 3;

export function assessPartition(facts: PartitionFacts): Assessment {
  const { asset, day, expected, head } = facts;
  const [state, reason] = judge(facts);
  return { asset, day, state, reason, finality: head?.finality ?? expected.finality };
}

function judge(facts: PartitionFacts): readonly [PartitionState, string] {
  const { head, run, isPinned } = facts;
  const stale = head && staleness(facts, head);
  if (head !== undefined && isPinned) {
    const since = stale === undefined ? '' : `; meanwhile ${stale[1]}`;
    return ['pinned', `a rollback pinned ${versionOf(head)}, and no run replaces it${since}`];
  }
  if (run !== undefined && run.state !== 'failed') return ['running', `run ${run.runId} is ${run.state}`];
  if (head === undefined) return withoutHead(facts);
  if (run !== undefined && (stale !== undefined || !head.isShown)) {
    const left = stale === undefined ? 'but its exports do not show it' : `although ${stale[1]}`;
    return ['failed', `${failureOf(run)}; ${versionOf(head)} stays readable, ${left}`];
  }
  if (stale !== undefined) return stale;
  if (!head.isShown) {
    return ['failed', `${versionOf(head)} is committed, but the run ended before its exports showed it`];
  }
  return ['fresh', `made of the same ${counted(head.inputCount, facts.inputNoun)}, code and parameters`];
}

function withoutHead({ run, expected }: PartitionFacts): readonly [PartitionState, string] {
  if (run !== undefined) return ['failed', `${failureOf(run)}; nothing was published before`];
  const { unread, inputCount, rowCount } = expected;
  if (unread.length > 0) return ['missing', `never made; ${namesOf(unread, 'wait', 'waits')} to be read`];
  if (rowCount === 0) return ['missing', 'no drop holds a row of it'];
  return ['missing', `never made; ${counted(inputCount)} hold ${numbers.format(rowCount)} rows`];
}

/** Undefined when a run would find nothing to do. */
function staleness(facts: PartitionFacts, head: HeadFacts): readonly [PartitionState, string] | undefined {
  const { expected, paramChanges } = facts;
  if (head.inputsDigest !== expected.inputsDigest || expected.unread.length > 0) {
    return ['stale-input', inputsReason(facts, head)];
  }
  if (head.finality === 'provisional' && expected.finality === 'final') {
    return ['stale-input', `${versionOf(head)} is provisional, and the day has become final since`];
  }
  const reasons: string[] = [];
  if (head.definitionVersion !== expected.definitionVersion) {
    reasons.push(`the definition is now ${expected.definitionVersion}, not ${head.definitionVersion}`);
  }
  if (head.codeVersion !== expected.codeVersion) {
    reasons.push(`the code is now ${expected.codeVersion}, not ${head.codeVersion}`);
  }
  if (head.paramsDigest !== expected.paramsDigest) {
    const which =
      paramChanges === undefined || paramChanges.length === 0 ? '' : `: ${paramChanges.join(', ')}`;
    reasons.push(`parameters differ${which}`);
  }
  return reasons.length === 0
    ? undefined
    : ['stale-code', `since ${versionOf(head)} ${reasons.join(', and ')}`];
}

function inputsReason({ changes, expected, inputNoun = 'drop' }: PartitionFacts, head: HeadFacts): string {
  const { added = [], replaced = [], removed = [] } = changes ?? {};
  const { unread } = expected;
  const parts = [
    ...(added.length > 0 ? [namesOf(added, 'arrived', 'arrived')] : []),
    ...(replaced.length > 0 ? [namesOf(replaced, 'were replaced', 'was replaced')] : []),
    ...(removed.length > 0 ? [namesOf(removed, 'no longer count', 'no longer counts')] : []),
    ...(unread.length > 0
      ? [namesOf(unread, 'arrived and wait to be read', 'arrived and waits to be read')]
      : []),
  ];
  if (parts.length === 0) return `its ${inputNoun}s are not those of ${versionOf(head)}`;
  return `${parts.join('; ')} after ${versionOf(head)}`;
}

const versionOf = ({ claim, committedAtMs }: HeadFacts): string =>
  `version ${claim} (${new Date(committedAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC)`;

const failureOf = ({ runId, error }: RunFacts): string =>
  `run ${runId} failed${error === undefined ? '' : `: ${error.replace(/\.$/, '')}`}`;

/** Made once: of 60,000 reasons, each has a number. */
const numbers = new Intl.NumberFormat('en-US');

const counted = (count: number, noun = 'drop'): string =>
  `${numbers.format(count)} ${noun}${count === 1 ? '' : 's'}`;

/** `3 drops arrived: a.csv, b.csv, c.csv`. */
function namesOf(names: readonly string[], many: string, one: string): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ');
  const rest = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : '';
  return `${counted(names.length)} ${names.length === 1 ? one : many} (${shown}${rest})`;
}

const RANK = new Map(PARTITION_STATES.map((state, rank) => [state, rank]));

/** The state that needs somebody soonest. */
export function worstState(states: Iterable<PartitionState>): PartitionState {
  let worst: PartitionState = 'fresh';
  for (const state of states) if (RANK.get(state)! < RANK.get(worst)!) worst = state;
  return worst;
}
