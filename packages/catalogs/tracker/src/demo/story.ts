import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { entryType, priority, releaseStatus, status } from '../vocabulary.ts'

/** Who of the tenant: a role, or the consultant who works for several tenants. */
const part = z.enum(['owner', 'admin', 'member', 'viewer', 'consultant'])
export type Part = z.infer<typeof part>

/** `bug_report high open, member for admin, 3 days ago`; `nobody` = unassigned. */
const IS = /^(\S+) (\S+) (\S+), (\S+) for (\S+), (\d+) days ago$/

const is = z
  .string()
  .regex(IS)
  .transform((line) => {
    const [, type, priority, status, by, to, days] = IS.exec(line) ?? []
    return { type, priority, status, by, to: to === 'nobody' ? null : to, days: Number(days) }
  })
  .pipe(z.strictObject({ type: entryType, priority, status, by: part, to: part.nullable(), days: z.number().int() }))

/** `member, what they say` */
const said = z
  .string()
  .regex(/^[a-z]+, ./s)
  .transform((line) => ({ by: line.slice(0, line.indexOf(',')), text: line.slice(line.indexOf(',') + 2) }))
  .pipe(z.strictObject({ by: part, text: z.string() }))

/** `4.2 active due in 12 days, what it brings`; `released 48 days ago`, `planned due in 30 days` or only `planned`. */
const RELEASE = /^(.+?) (planned|active|released)(?: due in (\d+) days| (\d+) days ago)?, (.+)$/

const release = z
  .string()
  .regex(RELEASE)
  .transform((line) => {
    const [, name, status, ahead, ago, brings] = RELEASE.exec(line) ?? []
    const days = (text: string | undefined) => (text === undefined ? null : Number(text))
    return { name, status, dueIn: days(ahead), ago: days(ago), brings }
  })
  .pipe(
    z
      .strictObject({
        name: z.string().max(200),
        status: releaseStatus,
        dueIn: z.number().int().nullable(),
        ago: z.number().int().nullable(),
        brings: z.string(),
      })
      .refine(
        ({ status, ago }) => (status === 'released') === (ago !== null),
        'only what is released is some days old',
      ),
  )

/** `jira DSP-214` */
const task = z
  .string()
  .regex(/^[a-z]+ \S+$/)
  .transform((line) => ({ system: line.slice(0, line.indexOf(' ')), externalId: line.slice(line.indexOf(' ') + 1) }))

const story = z.array(
  z.strictObject({
    name: z.string(),
    about: z.string(),
    releases: z.array(release).default([]),
    entries: z.array(
      z.strictObject({
        title: z.string().max(500),
        task: task.optional(),
        is,
        text: z.string(),
        said: z.array(said).default([]),
      }),
    ),
  }),
)
export type Story = z.infer<typeof story>

const TOLD = new Set(['acme', 'globex', 'initech'])

/** The projects and entries of a demo tenant, from `demo/<slug>.yaml`; any other tenant gets `demo/other.yaml`. */
export function storyOf(slug: string): Story {
  const file = new URL(`../../demo/${TOLD.has(slug) ? slug : 'other'}.yaml`, import.meta.url)
  return story.parse(parse(readFileSync(file, 'utf8')))
}
