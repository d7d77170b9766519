/** What most actions need first: configuration and log, from the flags and all that lies below them. */
import { type Config, type ConfigOverrides, loadConfig } from '../infra/config.ts';
import { createLogger, type Logger } from '../infra/log.ts';
import type { CommonOptions } from './common-options.ts';

export interface CommandContext {
  readonly config: Config;
  /** Writes to stderr; at level `debug` with `--verbose`. */
  readonly log: Logger;
  readonly json: boolean;
}

/** @param overrides settings that the command has flags for. Throws FL_CONFIG_INVALID. */
export function commandContext(options: CommonOptions, overrides: ConfigOverrides = {}): CommandContext {
  const verbosity: ConfigOverrides =
    options.verbose === true ? { log: { ...overrides.log, level: 'debug' } } : {};
  const config = loadConfig({ ...overrides, ...verbosity });
  return { config, log: createLogger(config.log), json: options.json === true };
}
