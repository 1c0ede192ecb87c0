import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { entryType, priority, status } from '../vocabulary.ts'

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

const story = z.array(
  z.strictObject({
    name: z.string(),
    about: z.string(),
    entries: z.array(
      z.strictObject({ title: z.string().max(500), is, text: z.string(), said: z.array(said).default([]) }),
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
