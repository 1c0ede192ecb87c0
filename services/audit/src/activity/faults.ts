import { COMMON_FAULTS, Fault, type FaultText } from '@gatehouse/pages'

/** What a person reads who cannot be shown the page. */
export const PAGE_FAULTS = {
  ...COMMON_FAULTS,
  'role.missing': {
    status: 403,
    title: 'You cannot see the activity of this organisation',
    cause: 'Only its owners and administrators can.',
    whatToDo: 'Ask one of them, or select another organisation on the start page.',
  },
  'sign-in.lost': {
    status: 400,
    title: 'This sign-in cannot be finished',
    cause: 'It took too long, it was finished already, or it was begun in another browser.',
    whatToDo: 'Open the activity page again. Cookies have to be allowed for this site.',
  },
  'sign-in.refused': {
    status: 403,
    title: 'The activity page may not see your organisation',
    cause: 'You did not allow it, or the sign-in service refused.',
    whatToDo: 'Open the activity page again and allow it.',
  },
  'query.invalid': {
    status: 400,
    title: 'This list cannot be shown',
    cause: 'A filter has a value that is not one.',
    whatToDo: 'Go back and correct it, or open the activity page anew.',
  },
} as const satisfies Record<string, FaultText>

export type PageReason = keyof typeof PAGE_FAULTS

export class PageFault extends Fault<PageReason> {}
