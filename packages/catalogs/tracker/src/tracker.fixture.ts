import { type OpenCatalog, openCatalog } from '@gatehouse/catalog/testing'
import { type DatabaseHost, sql } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import type { Scope } from '@gatehouse/testkit'
import { tracker } from './catalog.ts'
import type { Tracker } from './domain.ts'

export const NOW = new Date('2026-03-02T09:30:00Z')

export function principalOf(tenant: string, subject = 'person_ada'): Principal {
  return {
    tenant,
    kind: 'person',
    subject,
    client: 'client_1',
    scopes: new Set(['mcp:read', 'mcp:write']),
    roles: ['member'],
    credential: 'oauth',
    credentialId: 'jti_1',
    issuedAt: NOW.getTime() / 1000,
    expiresAt: NOW.getTime() / 1000 + 600,
  }
}

/** The catalog over a database of its own, and ways to put rows into it that no tool makes. */
export interface Fixture extends OpenCatalog<Tracker> {
  project(tenant: string, id: string, name?: string, description?: string): Promise<void>
  person(tenant: string, id: string, name: string): Promise<void>
  entry(tenant: string, id: string, projectId: string, title?: string): Promise<void>
}

export async function openTracker(t: Scope, given?: DatabaseHost): Promise<Fixture> {
  const open = await openCatalog(t, tracker, { now: NOW, ...(given === undefined ? {} : { given }) })
  const db = open.host.as(tracker.schema.role)
  return {
    ...open,
    async project(tenant, id, name = `Project ${id}`, description = '') {
      await db.asTenant(tenant, (tx) =>
        tx.run(sql`
          insert into tracker.projects (id, name, description, created_at)
          values (${id}, ${name}, ${description}, ${NOW})`),
      )
    },
    async entry(tenant, id, projectId, title = `Entry ${id}`) {
      await db.asTenant(tenant, (tx) =>
        tx.run(sql`
          insert into tracker.entries (id, project_id, title, type, priority, status, reporter_id, created_at, updated_at)
          values (${id}, ${projectId}, ${title}, 'feedback', 'low', 'open', 'person_ada', ${NOW}, ${NOW})`),
      )
    },
    async person(tenant, id, name) {
      await db.asTenant(tenant, (tx) =>
        tx.run(sql`insert into tracker.people (id, name, email) values (${id}, ${name}, ${`${id}@example.test`})`),
      )
    },
  }
}
