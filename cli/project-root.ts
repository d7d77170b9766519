/** Where this checkout is, and the folder for what it installs for itself. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Ignored by git: Node, test servers, a Python environment. Removing it costs one download. */
export const RUNTIME_DIR = join(PROJECT_ROOT, '.runtime');
