import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { assessmentStatus, findingStatus, reportFormat, severity } from '../vocabulary.ts'

/** Who of the tenant: a role, or the consultant who works for several tenants. */
const part = z.enum(['owner', 'admin', 'member', 'viewer', 'consultant'])
export type Part = z.infer<typeof part>

/** A line of a story, taken apart by an expression with named groups. */
const line = <T>(form: RegExp, parts: z.ZodType<T, Record<string, string>>) =>
  z
    .string()
    .regex(form)
    .transform((text): Record<string, string> => ({ ...form.exec(text)?.groups }))
    .pipe(parts)

const days = z.coerce.number<string>().int()

/** `A.5.1 Is there …?` */
const question = line(
  /^(?<reference>(?:Art\. )?\S+) (?<question>.+)$/,
  z.object({ reference: z.string(), question: z.string() }),
)

const framework = z.strictObject({
  name: z.string(),
  domains: z.array(z.strictObject({ name: z.string(), weight: z.int(), questions: z.array(question) })),
})
export type Framework = z.infer<typeof framework>

/** `in_progress, admin, began 41 days ago, changed 2 days ago` */
const state = line(
  /^(?<status>\w+), (?<lead>\w+), began (?<began>\d+) days? ago, (?:changed|finalized) (?<changed>\d+) days? ago$/,
  z.object({ status: assessmentStatus, lead: part, began: days, changed: days }),
)

/** `high open, A.5.19, for admin, 12 days ago`; `nobody` = not assigned. */
const found = line(
  /^(?<severity>\w+) (?<status>\w+), (?<reference>[^,]+), for (?<to>\w+), (?<days>\d+) days? ago$/,
  z.object({
    severity,
    status: findingStatus,
    reference: z.string(),
    to: z.union([part, z.literal('nobody').transform(() => null)]),
    days,
  }),
)

/** `pdf 46 owner`: format, pages, who had it made. */
const report = line(
  /^(?<format>\w+) (?<pages>\d+) (?<by>\w+)$/,
  z.object({ format: reportFormat, pages: days, by: part }),
)

const story = z.array(
  z.strictObject({
    name: z.string().max(200),
    framework: z.string(),
    scope: z.string(),
    is: state,
    /** A group for each domain, a sign for each question: `+` passes, `-` fails, `0` does not apply, `.` is open. */
    answers: z.string().regex(/^[+\-0. ]+$/),
    notes: z.record(z.string(), z.string()).default({}),
    findings: z
      .array(z.strictObject({ title: z.string().max(300), is: found, text: z.string(), do: z.string() }))
      .default([]),
    reports: z.array(report).default([]),
  }),
)
export type Story = z.infer<typeof story>

const read = (file: string): unknown => parse(readFileSync(new URL(`../../demo/${file}.yaml`, import.meta.url), 'utf8'))

const TOLD = new Set(['acme', 'globex', 'initech'])

/** The assessments of a demo tenant, from `demo/<slug>.yaml`; any other tenant gets `demo/other.yaml`. */
export const storyOf = (slug: string): Story => story.parse(read(TOLD.has(slug) ? slug : 'other'))

export const frameworks = (): readonly Framework[] => z.array(framework).parse(read('frameworks'))
