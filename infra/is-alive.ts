/** Whether a process of this machine is alive. */
import { readFileSync } from 'node:fs';

/** True for a process of somebody else, too; false for one that has ended and only waits for its parent to take note. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  return !isZombie(pid);
}

/** Only Linux tells without asking another program; elsewhere it is alive until its parent has taken note. */
function isZombie(pid: number): boolean {
  try {
    // `<pid> (<name>) <state> …`: a name may hold anything, brackets included.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
