/** What a command has of the outside. Handed in, so that a test has the same. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly fetch: typeof globalThis.fetch
  /** Writes text with a newline to standard output. */
  out(text: string): void
  /** Writes text with a newline to standard error. */
  err(text: string): void
  /** Writes text as it is to standard output; resolves when more may come. Default: `out`, line by line. */
  readonly write?: ((text: string) => Promise<void>) | undefined
  /** Default: the system's clock. Milliseconds since the epoch. */
  readonly now?: (() => number) | undefined
  /** Characters in a line of the terminal; absent when the output goes elsewhere. */
  readonly columns?: number | undefined
  /** Ends what would go on for ever. */
  readonly signal?: AbortSignal | undefined
}
