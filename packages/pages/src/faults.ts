/** What a person reads on a page of ours when they cannot have what they asked for. */
export interface FaultText {
  /** HTTP status. */
  readonly status: number
  readonly title: string
  readonly cause: string
  readonly whatToDo: string
}

/** What every service with pages may have to say; its table of faults begins with these. */
export const COMMON_FAULTS = {
  'form.foreign': {
    status: 403,
    title: 'This form could not be accepted',
    cause: 'It did not come from a page that this browser had opened, or that page is too old.',
    whatToDo: 'Go back, load the page again and send it once more. Cookies have to be allowed for this site.',
  },
  unavailable: {
    status: 503,
    title: 'We cannot answer just now',
    cause: 'A part of the service is not reachable. Nothing was lost.',
    whatToDo: 'Try again in a moment.',
  },
} as const satisfies Record<string, FaultText>

/** Thrown by what a person has to be told on a page of ours: `reason` is a key of the service's table. */
export class Fault<Reason extends string> extends Error {
  readonly reason: Reason

  constructor(reason: Reason, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'PageFault'
    this.reason = reason
  }
}
