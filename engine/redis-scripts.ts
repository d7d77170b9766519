/** The Lua scripts of `engine/lua`: each is one atomic transition, read once, sent by its hash. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Redis } from 'ioredis';

const LUA_DIR = join(import.meta.dirname, 'lua');

/** What a script may take and give: ioredis turns numbers into text on the way in. */
export type ScriptArgument = string | number | Buffer;
export type RunScript = (
  name: string,
  keys: readonly string[],
  args: readonly ScriptArgument[],
) => Promise<unknown>;

/**
 * Teaches `redis` the scripts and returns how to run one. ioredis sends EVALSHA, and the text again when the server has
 * forgotten it (after a restart, say), so a script never fails for being unknown.
 */
export function defineScripts(redis: Redis): RunScript {
  const commands = redis as unknown as Record<string, (...args: ScriptArgument[]) => Promise<unknown>>;
  for (const [name, lua] of allScripts()) {
    const command = commandName(name);
    if (commands[command] === undefined) redis.defineCommand(command, { lua });
  }
  return (name, keys, args) => commands[commandName(name)]!(keys.length, ...keys, ...args);
}

let loaded: ReadonlyMap<string, string> | undefined;

/** Script name (file name without `.lua`) → its text with everything it includes. */
export function allScripts(): ReadonlyMap<string, string> {
  loaded ??= new Map(
    readdirSync(LUA_DIR)
      .filter((file) => file.endsWith('.lua'))
      .map((file) => [basename(file, '.lua'), withIncludes(join(LUA_DIR, file), new Set())]),
  );
  return loaded;
}

/** Replaces each line `--- @include "name"` by `includes/name.lua`, once per script however often it is named. */
function withIncludes(file: string, seen: Set<string>): string {
  return readFileSync(file, 'utf8').replace(/^--- @include "([a-z-]+)"$/gm, (_line, name: string) => {
    if (seen.has(name)) return '';
    seen.add(name);
    return withIncludes(join(LUA_DIR, 'includes', `${name}.lua`), seen);
  });
}

function commandName(script: string): string {
  return `flyerline:${script}`;
}
