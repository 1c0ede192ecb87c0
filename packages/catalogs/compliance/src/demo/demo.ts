import { createHash } from 'node:crypto'
import type { DemoTenant } from '@gatehouse/catalog'
import type { Database } from '@gatehouse/database'
import type { Result } from '../vocabulary.ts'
import { type DemoRows, hasAssessments, insertDemo } from './demo.store.ts'
import { type Framework, frameworks, type Part, type Story, storyOf } from './story.ts'

const DAY = 86_400_000

/**
 * Fills a tenant that has no assessment yet, in one transaction. Ids are made from the texts, so that two processes that start at once
 * write the same rows.
 */
export async function demo(deps: { readonly db: Database; readonly now: Date }, tenant: DemoTenant): Promise<void> {
  const rows = demoRows(storyOf(tenant.slug), tenant, deps.now)
  await deps.db.asTenant(tenant.id, async (tx) => {
    if (!(await hasAssessments(tx))) await insertDemo(tx, rows)
  })
}

type Told = Story[number]

/** The rows of a story, so many days ago as it says. Pure. @throws when a story names what its framework does not have */
export function demoRows(story: Story, tenant: DemoTenant, now: Date): DemoRows {
  const known = new Map(frameworks().map((framework) => [framework.name, framework]))
  const nameOf = cast(tenant)
  const each = story.map((told) => {
    const framework = known.get(told.framework)
    if (framework === undefined) throw new Error(`${told.name}: there is no framework ${told.framework}`)
    return rowsOf(told, framework, { tenant: tenant.id, now, nameOf })
  })
  const all = <K extends keyof DemoRows>(key: K) => each.flatMap((rows) => rows[key] as readonly unknown[]) as never
  return {
    assessments: all('assessments'),
    domains: all('domains'),
    questions: all('questions'),
    responses: all('responses'),
    findings: all('findings'),
    reports: all('reports'),
  }
}

interface Setting {
  readonly tenant: string
  readonly now: Date
  readonly nameOf: (part: Part) => string
}

const RESULTS: Readonly<Record<string, Result>> = { '+': 'pass', '-': 'fail', '0': 'not_applicable' }

function rowsOf(told: Told, framework: Framework, { tenant, now, nameOf }: Setting): DemoRows {
  const { is, name } = told
  const assessment_id = idOf('asm', tenant, name)
  const ago = (days: number, text: string) => new Date(now.getTime() - days * DAY - minutesOf(text) * 60_000)
  const began = ago(is.began, name)
  const changed = new Date(Math.max(ago(is.changed, name).getTime(), began.getTime()))
  const answers = answersOf(told, framework)
  const domains = framework.domains.map((domain, at) => ({
    assessment_id,
    id: `dom_${at + 1}`,
    position: at + 1,
    name: domain.name,
    weight: domain.weight,
    score: scoreOf(answers[at] ?? []),
  }))
  const asked = framework.domains.flatMap(({ questions }, at) =>
    questions.map((question, index) => ({ ...question, domain_id: `dom_${at + 1}`, result: answers[at]?.[index] })),
  )
  const idOfQuestion = (reference: string): string => {
    const at = asked.findIndex((question) => question.reference === reference)
    if (at === -1) throw new Error(`${name}: ${framework.name} does not ask ${reference}`)
    return `q_${at + 1}`
  }
  for (const reference of Object.keys(told.notes)) idOfQuestion(reference)
  const final = is.status === 'finalized'
  return {
    assessments: [
      {
        id: assessment_id,
        name,
        framework: framework.name,
        scope: told.scope,
        status: is.status,
        lead: nameOf(is.lead),
        due_on: new Date(began.getTime() + 90 * DAY).toISOString().slice(0, 10),
        score: final ? weighted(domains) : null,
        created_at: began,
        updated_at: changed,
        finalized_at: final ? changed : null,
      },
    ],
    domains,
    questions: asked.map(({ reference, question, domain_id }, at) => ({
      assessment_id,
      id: `q_${at + 1}`,
      domain_id,
      position: at + 1,
      reference,
      question,
    })),
    responses: asked.flatMap(({ reference, result }, at) =>
      result === undefined
        ? []
        : [
            {
              assessment_id,
              question_id: `q_${at + 1}`,
              result,
              note: told.notes[reference] ?? '',
              evidence_count: result === 'pass' ? 1 + (minutesOf(reference + name) % 3) : 0,
              answered_by: nameOf(is.lead),
              answered_at: between(began, changed, (at + 1) / (asked.length + 1)),
            },
          ],
    ),
    findings: told.findings.map(({ title, is: found, text, do: recommendation }) => {
      const created_at = ago(found.days, title)
      const resolved_at = found.status === 'resolved' ? between(created_at, now, 0.25) : null
      return {
        id: idOf('fnd', tenant, name, title),
        assessment_id,
        question_id: idOfQuestion(found.reference),
        title,
        description: text,
        recommendation,
        severity: found.severity,
        status: found.status,
        assignee: found.to === null ? null : nameOf(found.to),
        due_on: new Date(created_at.getTime() + 30 * DAY).toISOString().slice(0, 10),
        created_at,
        updated_at: resolved_at ?? (found.status === 'open' ? created_at : between(created_at, now, 0.5)),
        resolved_at,
      }
    }),
    reports: told.reports.map(({ format, pages, by }, at) => ({
      id: idOf('rep', tenant, name, String(at)),
      assessment_id,
      version: at + 1,
      title: `${name}: ${at === 0 ? 'report' : 'appendix'}`,
      final,
      format,
      pages,
      size_bytes: pages * 41_000 + minutesOf(name),
      sha256: digest(tenant, name, String(at)).toString('hex'),
      generated_by: nameOf(by),
      generated_at: new Date(changed.getTime() + (at + 1) * 600_000),
    })),
  }
}

/** Results by domain; `undefined` = open. @throws when there are not as many signs as questions */
function answersOf({ name, answers }: Told, { domains }: Framework): (Result | undefined)[][] {
  const groups = answers.split(' ')
  const asked = domains.map(({ questions }) => questions.length)
  if (groups.map(({ length }) => length).join() !== asked.join())
    throw new Error(`${name}: answers are ${answers}, asked were ${asked.join()}`)
  return groups.map((group) => [...group].map((sign) => RESULTS[sign]))
}

const tenth = (value: number): number => Math.round(value * 10) / 10

/** Percent of what counts that passes. */
function scoreOf(results: readonly (Result | undefined)[]): number | null {
  const counted = results.filter((result) => result === 'pass' || result === 'fail')
  return counted.length === 0
    ? null
    : tenth((100 * counted.filter((result) => result === 'pass').length) / counted.length)
}

function weighted(domains: readonly { readonly weight: number; readonly score: number | null }[]): number {
  const scored = domains.filter(({ score }) => score !== null)
  const weight = scored.reduce((sum, domain) => sum + domain.weight, 0)
  return tenth(scored.reduce((sum, domain) => sum + domain.weight * (domain.score ?? 0), 0) / Math.max(1, weight))
}

/** Who plays a part: the consultant is known by the address, others by their role; a part nobody has goes to the first person. */
function cast(tenant: DemoTenant): (part: Part) => string {
  return (part) => {
    const found =
      part === 'consultant'
        ? tenant.people.find(({ email }) => email.startsWith('consultant@'))
        : tenant.people.find(({ role, email }) => role === part && !email.startsWith('consultant@'))
    return found?.name ?? tenant.people[0]?.name ?? part
  }
}

const digest = (...parts: readonly string[]) => createHash('sha256').update(JSON.stringify(parts)).digest()

const idOf = (kind: string, ...parts: readonly string[]) =>
  `${kind}_${digest(...parts)
    .toString('hex')
    .slice(0, 32)}`

/** Some minute of a working day, always the same for the same text. */
const minutesOf = (text: string) => digest(text).readUInt16BE(0) % (9 * 60)

const between = (from: Date, to: Date, share: number): Date =>
  new Date(from.getTime() + Math.floor((to.getTime() - from.getTime()) * share))
