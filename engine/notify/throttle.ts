/** Throttling: so many messages of one sort in a window, then one that says how many more there were. */

export interface ThrottleLimits {
  readonly messagesMax: number;
  readonly windowMs: number;
}

export interface ThrottleWindow {
  readonly startMs: number;
  readonly sent: number;
  readonly swallowed: number;
  /** Subjects of the first few that were swallowed. */
  readonly subjects: readonly string[];
}

const SUBJECTS_MAX = 3;

/** Whether one more may go out. The window begins with its first message; one that is over is to be closed before. */
export function admit(
  window: ThrottleWindow | undefined,
  { messagesMax }: ThrottleLimits,
  subject: string,
  nowMs: number,
): { readonly admitted: boolean; readonly window: ThrottleWindow } {
  const { startMs, sent, swallowed, subjects } = window ?? {
    startMs: nowMs,
    sent: 0,
    swallowed: 0,
    subjects: [],
  };
  return sent < messagesMax
    ? { admitted: true, window: { startMs, sent: sent + 1, swallowed, subjects } }
    : {
        admitted: false,
        window: {
          startMs,
          sent,
          swallowed: swallowed + 1,
          subjects: subjects.length < SUBJECTS_MAX ? [...subjects, subject] : subjects,
        },
      };
}

export function isOver({ startMs }: ThrottleWindow, { windowMs }: ThrottleLimits, nowMs: number): boolean {
  return nowMs >= startMs + windowMs;
}
