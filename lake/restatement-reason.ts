/** Why a version of a partition is not the one before it, in words, from the two manifests. */
import type { Manifest } from './manifest.ts';

const NAMES_SHOWN_MAX = 3;

/** What somebody gave as the reason comes first. Without a full stop. */
export function restatementReason(before: Manifest, after: Manifest): string {
  if (after.reason !== undefined) return after.reason;
  const ofInputs = inputReasons(before, after);
  const reasons = [
    // Of what follows from a day's own drops, these are the reason.
    ...(ofInputs.length > 0 ? ofInputs : partitionReasons(before, after)),
    ...paramReasons(before, after),
    ...(before.definitionVersion === after.definitionVersion
      ? []
      : [`the definition is ${after.definitionVersion}, not ${before.definitionVersion}`]),
  ];
  if (reasons.length > 0) return reasons.join('; ');
  return before.codeVersion === after.codeVersion
    ? 'computed again'
    : `the code is ${after.codeVersion}, not ${before.codeVersion}`;
}

function inputReasons(before: Manifest, after: Manifest): string[] {
  const then = new Map(before.inputs.map((input) => [input.key, input]));
  const now = new Set(after.inputs.map(({ key }) => key));
  const keys = (inputs: Manifest['inputs']) => inputs.map(({ key }) => key);
  const added = after.inputs.filter(({ key }) => !then.has(key));
  const replaced = after.inputs.filter(({ key, etag, size }) => {
    const old = then.get(key);
    return old !== undefined && (old.etag !== etag || old.size !== size);
  });
  const removed = before.inputs.filter(({ key }) => !now.has(key));
  return [
    ...named(keys(added), 'drop', 'arrived'),
    ...named(keys(replaced), 'drop', 'replaced'),
    ...named(keys(removed), 'drop', 'no longer counted'),
  ];
}

/** Of what is made of other partitions. */
function partitionReasons(before: Manifest, after: Manifest): string[] {
  const then = new Map(
    before.partitions?.map(({ table, day, contentHash }) => [`${table} ${day}`, contentHash]),
  );
  const changed = (after.partitions ?? [])
    .map(({ table, day, contentHash }) => ({ name: `${table} ${day}`, contentHash }))
    .filter(({ name, contentHash }) => then.get(name) !== contentHash);
  return named(
    changed.map(({ name }) => name),
    'partition',
    'that it is made from changed',
  );
}

function paramReasons(before: Manifest, after: Manifest): string[] {
  return Object.entries(after.params)
    .filter(([name, value]) => JSON.stringify(before.params[name]) !== JSON.stringify(value))
    .map(([name, value]) => `${name} ${String(before.params[name] ?? 'not set')} → ${String(value)}`);
}

/** `2 drops arrived (late/a.csv, late/b.csv)`. */
function named(names: readonly string[], noun: string, what: string): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ');
  const rest = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : '';
  return [`${names.length} ${noun}${names.length === 1 ? '' : 's'} ${what} (${shown}${rest})`];
}
