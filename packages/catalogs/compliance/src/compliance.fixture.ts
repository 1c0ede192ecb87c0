import { type OpenCatalog, openCatalog } from '@gatehouse/catalog/testing'
import type { DatabaseHost } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import type { Scope } from '@gatehouse/testkit'
import { compliance } from './catalog.ts'
import { type DemoRows, insertDemo } from './demo/demo.store.ts'
import type { Compliance } from './domain.ts'

export const NOW = new Date('2026-03-02T09:30:00Z')
export const MINUTE = 60_000
export const DAY = 86_400_000
export const before = (ms: number): Date => new Date(NOW.getTime() - ms)

/** A key of a tenant with every scope. */
export const keyOf = (tenant: string): Principal => ({
  tenant,
  kind: 'key',
  subject: `key_${tenant}`,
  scopes: new Set(['assessments:read', 'findings:read']),
  roles: [],
  credential: 'api-key',
  credentialId: `key_${tenant}`,
  issuedAt: NOW.getTime() / 1000,
  expiresAt: NOW.getTime() / 1000 + 600,
})

type Row<T extends keyof DemoRows> = DemoRows[T][number]

export const assessment = (id: string, over: Partial<Row<'assessments'>> = {}): Row<'assessments'> => {
  const finalized = over.status === 'finalized'
  return {
    id,
    name: `Assessment ${id}`,
    framework: 'SOC 2',
    scope: 'The product.',
    status: 'in_progress',
    lead: 'Ada',
    due_on: null,
    score: finalized ? 50 : null,
    created_at: before(10 * DAY),
    updated_at: before(DAY),
    finalized_at: finalized ? before(DAY) : null,
    ...over,
  }
}

export const finding = (id: string, of: string, over: Partial<Row<'findings'>> = {}): Row<'findings'> => ({
  id,
  assessment_id: of,
  question_id: null,
  title: `Finding ${id}`,
  description: 'Seen.',
  recommendation: 'To do.',
  severity: 'medium',
  status: 'open',
  assignee: null,
  due_on: null,
  created_at: before(DAY),
  updated_at: before(DAY),
  resolved_at: over.status === 'resolved' ? NOW : null,
  ...over,
})

export const report = (id: string, of: string, over: Partial<Row<'reports'>> = {}): Row<'reports'> => ({
  id,
  assessment_id: of,
  version: 1,
  title: `Report ${id}`,
  final: true,
  format: 'pdf',
  pages: 10,
  size_bytes: 5_000_000_000,
  sha256: 'a'.repeat(64),
  generated_by: 'Ada',
  generated_at: before(DAY),
  ...over,
})

/** Domains with as many questions as results; `undefined` = not answered. */
export function questions(
  of: string,
  results: Readonly<Record<string, readonly (Row<'responses'>['result'] | undefined)[]>>,
): Pick<DemoRows, 'domains' | 'questions' | 'responses'> {
  const domains = Object.keys(results).map((id, at) => ({
    assessment_id: of,
    id,
    position: at + 1,
    name: `Domain ${id}`,
    weight: 10,
    score: null,
  }))
  const asked = Object.entries(results).flatMap(([domain_id, list]) => list.map((result) => ({ domain_id, result })))
  return {
    domains,
    questions: asked.map(({ domain_id }, at) => ({
      assessment_id: of,
      id: `q_${at + 1}`,
      domain_id,
      position: at + 1,
      reference: `R${at + 1}`,
      question: `Question ${at + 1}?`,
    })),
    responses: asked.flatMap(({ result }, at) =>
      result === undefined
        ? []
        : [
            {
              assessment_id: of,
              question_id: `q_${at + 1}`,
              result,
              note: `Note ${at + 1}`,
              evidence_count: at,
              answered_by: 'Ada',
              answered_at: before(DAY),
            },
          ],
    ),
  }
}

export interface Fixture extends OpenCatalog<Compliance> {
  /** Puts rows into a tenant; no tool does. */
  put(tenant: string, rows: Partial<DemoRows>): Promise<void>
}

export async function openCompliance(t: Scope, given?: DatabaseHost): Promise<Fixture> {
  const open = await openCatalog(t, compliance, { now: NOW, ...(given === undefined ? {} : { given }) })
  const db = open.host.as(compliance.schema.role)
  return { ...open, put: (tenant, rows) => db.asTenant(tenant, (tx) => insertDemo(tx, rows)) }
}
