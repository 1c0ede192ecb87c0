/** What a node of the benchmarks (`native.ts`) is told. */
export interface NativeOptions {
  readonly tools: number
  /** One more tool, which asks PostgreSQL once. */
  readonly reads?: boolean
  /** Where it writes the token that it takes. */
  readonly tokenFile: string
  /** Without it no event of a call is made at all. */
  readonly audit: boolean
  /** A server of its own: an embedded one would do the work of the drainers on the processor that is measured. */
  readonly database: string
  /** Limits in Redis, events in NATS, a line in the log for each request and all metrics, as a node has it that serves customers. */
  readonly full?: { readonly redis: string; readonly nats: string } | undefined
}
