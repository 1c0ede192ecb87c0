/** A claim at a size that is too large for every test run. */
export interface Proof {
  readonly name: string
  /** What is claimed, in one sentence. */
  readonly claim: string
  /** Runs it and returns what was counted. @throws when the claim does not hold */
  run(context: ProofContext): Promise<Readonly<Record<string, number | string>>>
}

export interface ProofContext {
  /** Environment of the runner, from which children get their PATH. */
  readonly surroundings: Readonly<Record<string, string | undefined>>
  /** An empty folder that other users can enter. */
  readonly folder: string
  readonly say: (line: string) => void
}
