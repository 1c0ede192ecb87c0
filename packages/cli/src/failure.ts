/** How the command ends. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** What each of them means, for help and documentation. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done',
  refused: 'refused by the server; doctor, feed status, audit verify: something is wrong',
  usage: 'wrong use of this program',
  unreachable: 'the server cannot be reached, or a part of it cannot answer now',
  interrupted: 'interrupted',
}

type Kind = Exclude<keyof typeof EXIT, 'ok'>

/** What the server said of a refusal. */
export interface Said {
  /** HTTP. */
  readonly status?: number | undefined
  /** The server's own code, as `not_found`. */
  readonly reason?: string | undefined
  readonly requestId?: string | undefined
}

/** A command that could not do what it was asked: one line that says what is wrong and what to do about it. */
export class Failure extends Error {
  readonly kind: Kind
  readonly said: Said

  constructor(kind: Kind, message: string, said: Said = {}) {
    super(message)
    this.name = 'Failure'
    this.kind = kind
    this.said = said
  }

  get exitCode(): number {
    return EXIT[this.kind]
  }

  /** For machines. */
  get wire(): { readonly error: { readonly code: Kind; readonly message: string } & Said } {
    return { error: { code: this.kind, message: this.message, ...this.said } }
  }
}
