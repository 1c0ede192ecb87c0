import { z } from 'zod'

export const siteKind = z.enum(['office', 'plant', 'warehouse', 'store', 'data_center', 'other'])
export const siteStatus = z.enum(['active', 'archived'])
export const formStatus = z.enum(['draft', 'published', 'archived'])
export const elementKind = z.enum(['text', 'number', 'date', 'boolean', 'choice'])
export const deploymentStatus = z.enum(['scheduled', 'open', 'closed'])
export const submissionStatus = z.enum(['draft', 'submitted', 'approved', 'rejected'])
export const widgetKind = z.enum(['number', 'line', 'bar', 'pie', 'table'])
export const importStatus = z.enum(['previewed', 'applied'])

/** What activities are, and emission factors are for. */
export const category = z.enum([
  'electricity',
  'heat',
  'fuel',
  'vehicles',
  'travel',
  'freight',
  'goods',
  'waste',
  'water',
])

/** Units of activities; which convert into each other says the database (`unit_dimension`, `unit_scale`). */
export const unit = z.enum([
  'MJ',
  'GJ',
  'kWh',
  'MWh',
  'kg',
  't',
  'L',
  'm3',
  'km',
  'mi',
  'pkm',
  'tkm',
  'night',
  'EUR',
  'USD',
  'piece',
])

export type SiteKind = z.infer<typeof siteKind>
export type SiteStatus = z.infer<typeof siteStatus>
export type FormStatus = z.infer<typeof formStatus>
export type ElementKind = z.infer<typeof elementKind>
export type WidgetKind = z.infer<typeof widgetKind>
export type Category = z.infer<typeof category>
export type Unit = z.infer<typeof unit>

/** Text that PostgreSQL keeps as it is: half a surrogate pair would be kept as another character. */
export const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((value) => !value.includes('\0'), 'must not contain the NUL character')
    .refine((value) => !/\p{Cs}/u.test(value), 'must not contain half a surrogate pair')

/** Text that is more than white space; without the white space around it. */
export const words = (most: number) =>
  text(most)
    .trim()
    .refine((value) => value !== '', 'must hold more than white space')

/** A short name that people give: `berlin-hq`. */
export const code = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . -')

/** An id as an argument. What cannot be one is not found, without asking the database. */
export const id = z.string()

/** `true` for what can be the id of a row. */
export const isId = (value: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(value)

/** A calendar day: `2026-03-31`. */
export const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be YYYY-MM-DD')
  .refine((value) => z.iso.date().safeParse(value).success, 'must be a day of the calendar')

/** A calendar month: `2026-03`. */
export const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be YYYY-MM')

/** Most that one activity can amount to, with six digits after the point; what the tables keep. */
export const QUANTITY_MAX = 99_999_999_999

export const quantity = z.number().min(0).max(QUANTITY_MAX)

export const limit = z.number().int().min(1).max(100).default(50)
