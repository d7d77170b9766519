/** A DuckDB session that reads what it was given and nothing else: no file, no network, no setting can be reached from it. */
import { type Duck, sqlString } from '../duckdb.ts';

export interface Reachable {
  readonly paths?: readonly string[];
  readonly directories?: readonly string[];
}

/** For good. Spilling to the session's own folder goes on working. */
export async function lockDown(duck: Duck, { paths = [], directories = [] }: Reachable): Promise<void> {
  const list = (names: readonly string[]) => `[${names.map(sqlString).join(', ')}]`;
  await duck.run(`SET allowed_paths = ${list(paths)}`);
  await duck.run(`SET allowed_directories = ${list(directories)}`);
  await duck.run('SET enable_external_access = false');
  await duck.run('SET lock_configuration = true');
}
