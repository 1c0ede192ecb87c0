export interface Mail {
  readonly to: string
  readonly subject: string
  /** Plain text. It may hold a one-time link: nobody but the recipient reads it. */
  readonly text: string
}

/** How letters leave. */
export interface Mailer {
  /** Resolves when somebody else has taken it on. */
  send(mail: Mail): Promise<void>
  close(): void
}
