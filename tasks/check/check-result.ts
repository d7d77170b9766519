/** What a check found. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** The numbers behind the verdict, for a person. */
  readonly detail: string;
}
