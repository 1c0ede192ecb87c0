import { z } from 'zod'

export const unitKind = z.enum(['company', 'division', 'department', 'group'])
export const unitStatus = z.enum(['active', 'closed'])
export const teamKind = z.enum(['delivery', 'platform', 'enabling', 'operations'])
export const employment = z.enum(['employee', 'contractor'])
export const costCategory = z.enum(['salaries', 'contractors', 'software', 'facilities', 'travel', 'other'])
export const scenarioStatus = z.enum(['draft', 'in_review', 'approved', 'archived'])

export type UnitKind = z.infer<typeof unitKind>
export type UnitStatus = z.infer<typeof unitStatus>
export type CostCategory = z.infer<typeof costCategory>
export type ScenarioStatus = z.infer<typeof scenarioStatus>

/** Units above one another, at most; so that a tree can always be read to its leaves. */
export const MOST_LAYERS = 30

/** Text that PostgreSQL keeps as it is: half a surrogate pair would be kept as another character. */
export const text = () =>
  z
    .string()
    .refine((value) => !value.includes('\0'), 'must not contain the NUL character')
    .refine((value) => !/\p{Cs}/u.test(value), 'must not contain half a surrogate pair')

/** `true` for what can be an id; anything else is not found without asking the database. */
export const isId = (value: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(value)

const id = () => z.string().min(1).max(200)

/** Ids as arguments. What has none is said by leaving it out. */
export const unitId = () => id().describe('Unit ID, from org_unit.list or org.search.')
export const teamId = () => id().describe('Team ID, from team.list.')
export const draftId = () => id().describe('Scenario ID, from scenario.list.')

/** Which plane is meant. */
export const planeField = id()
  .nullable()
  .default(null)
  .describe('Scenario ID from scenario.list; null (default) = the baseline.')

export const limitField = z.number().int().min(1).max(200).default(50).describe('Items on a page (1–200).')
