import { z } from 'zod'

export const entryType = z.enum([
  'feature_request',
  'bug_report',
  'feedback',
  'validation',
  'documentation',
  'platform_infrastructure',
  'ci_cd',
  'security',
])
export const priority = z.enum(['low', 'medium', 'high', 'critical'])
export const status = z.enum(['open', 'assigned', 'in_progress', 'deployed', 'solved'])

export const releaseStatus = z.enum(['planned', 'active', 'released'])

export type EntryType = z.infer<typeof entryType>
export type Priority = z.infer<typeof priority>
export type Status = z.infer<typeof status>
export type ReleaseStatus = z.infer<typeof releaseStatus>

/** Work that is over; all else is open. */
export const RESOLVED: readonly Status[] = ['deployed', 'solved']

/** Longest Markdown text of an entry or a comment, in characters: all of a description can be found by its words. */
export const TEXT_MAX = 100_000

/** Longest id of a person, key or service, in characters; the tables check the same. */
export const PERSON_ID_MAX = 200

/** Text that PostgreSQL keeps as it is: half a surrogate pair would be kept as another character. */
export const text = () =>
  z
    .string()
    .refine((value) => !value.includes('\0'), 'must not contain the NUL character')
    .refine((value) => !/\p{Cs}/u.test(value), 'must not contain half a surrogate pair')

/** `true` for what can be the id of a project, entry or comment; anything else is not found without asking the database. */
export const isId = (value: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(value)
