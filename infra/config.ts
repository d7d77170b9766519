/** Configuration: flags over `FLYERLINE_*` variables over `flyerline.config.json` over defaults. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { readEnvironment } from './config-env.ts';
import { type Config, configSchema } from './config-schema.ts';
import { FlyerlineError } from './errors.ts';

export type { Config } from './config-schema.ts';

/** What a flag may set: any part of the configuration, to any depth. `undefined` means "not given". */
export type ConfigOverrides = DeepPartial<Config>;

/**
 * The validated, frozen configuration. Throws FL_CONFIG_INVALID naming the setting and where its value came from.
 *
 * @param env holds `FLYERLINE_*` variables; see `config-env.ts` for how names map to settings.
 */
export function loadConfig(overrides: ConfigOverrides = {}, env: NodeJS.ProcessEnv = process.env): Config {
  const layers: Layer[] = [
    { name: 'a flag', values: overrides as Settings },
    { name: 'the environment', values: readEnvironment(env) },
    readConfigFile(env.FLYERLINE_CONFIG),
  ];
  const merged = layers.reduceRight<Settings>((under, layer) => merge(under, layer.values), {});
  const parsed = configSchema.safeParse(merged);
  if (parsed.success) return deepFreeze(parsed.data);
  throw invalid(parsed.error, layers);
}

type Settings = { readonly [name: string]: unknown };

interface Layer {
  readonly name: string;
  readonly values: Settings;
}

/** `flyerline.config.json` of the working directory is optional; a file that is named must be there. */
function readConfigFile(named: string | undefined): Layer {
  const path = resolve(named ?? 'flyerline.config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (named === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return { name: path, values: {} };
    }
    throw badFile(path, 'cannot be read', 'correct FLYERLINE_CONFIG or the permissions of the file', cause);
  }
  try {
    return { name: path, values: z.record(z.string(), z.unknown()).parse(JSON.parse(text)) };
  } catch (cause) {
    throw badFile(path, 'is not a JSON object', 'correct its syntax', cause);
  }
}

function badFile(path: string, reason: string, remedy: string, cause: unknown): FlyerlineError {
  const subject = `Configuration file "${path}"`;
  return new FlyerlineError('FL_CONFIG_INVALID', { subject, reason, remedy, cause, retryable: false });
}

function invalid(error: z.ZodError, layers: readonly Layer[]): FlyerlineError {
  const issue = error.issues[0]!;
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...issue.path.map(String), ...unknown];
  const source = layers.find((layer) => valueAt(layer.values, path) !== undefined);
  return new FlyerlineError('FL_CONFIG_INVALID', {
    subject: `Setting "${path.join('.')}"${source === undefined ? '' : ` from ${source.name}`}`,
    reason: unknown.length > 0 ? 'is unknown' : `is not valid (${issue.message})`,
    remedy: 'see docs/reference/configuration.md for its name, type and default',
    cause: error,
    retryable: false,
  });
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isSettings(value) ? value[name] : undefined), values);
}

function merge(under: Settings, over: Settings): Settings {
  const result: Record<string, unknown> = { ...under };
  for (const [name, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = result[name];
    result[name] = isSettings(below) && isSettings(value) ? merge(below, value) : value;
  }
  return result;
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) deepFreeze(item);
    Object.freeze(value);
  }
  return value;
}

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T;
