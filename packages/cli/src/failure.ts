/** How the command ends. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** A command that could not do what it was asked: one line that says what is wrong and what to do about it. */
export class Failure extends Error {
  readonly exitCode: number

  constructor(kind: 'refused' | 'usage' | 'unreachable', message: string) {
    super(message)
    this.name = 'Failure'
    this.exitCode = EXIT[kind]
  }
}
