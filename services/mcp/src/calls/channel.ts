/** Where notifications that belong to one request go: its own answer. */
export interface Channel {
  /** Sends a notification. Does nothing once the answer is complete, where the client takes no stream, and while its reader is behind. */
  notify(method: string, params: Readonly<Record<string, unknown>>): void
  /** Whether a notification could still reach the client. */
  readonly open: boolean
  /** Lets the connection go while the work goes on, where the client comes back for the answer; else it does nothing. */
  release?(): void
}

/** For requests whose client can hear nothing but the answer. */
export const NO_CHANNEL: Channel = { open: false, notify: () => undefined }
