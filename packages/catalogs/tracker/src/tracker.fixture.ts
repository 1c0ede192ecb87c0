import type { Call, Resource, Tool } from '@gatehouse/catalog'
import { bareCall } from '@gatehouse/catalog/testing'
import type { CloudEvent } from '@gatehouse/contracts'
import { type DatabaseHost, sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import type { Principal } from '@gatehouse/policy'
import type { Scope } from '@gatehouse/testkit'
import type { z } from 'zod'
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

export interface OutboxEvent {
  readonly subject: string
  readonly event: CloudEvent
}

/** The catalog over a database of its own, called as the MCP service calls it: arguments parsed, results checked. */
export interface Fixture {
  readonly host: DatabaseHost
  call<I>(tool: Tool<Tracker>, principal: Principal, input: I, now?: Date): Promise<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: resources of different paths have no common type of variables
  read<T = any>(resource: Resource<Tracker, any>, principal: Principal, variables?: Record<string, string>): Promise<T>
  project(tenant: string, id: string, name?: string, description?: string): Promise<void>
  person(tenant: string, id: string, name: string): Promise<void>
  /** What was appended since the last call, and removes it. */
  takeEvents(): Promise<OutboxEvent[]>
}

export async function openTracker(t: Scope, given?: DatabaseHost): Promise<Fixture> {
  const host = given ?? (await testDatabase(t, [tracker.schema]))
  const db = host.as(tracker.schema.role)
  const bind = tracker.open({ db })
  const contextOf = (principal: Principal, now: Date): Call & Tracker => ({
    ...bareCall(principal, { now }),
    ...bind(principal),
  })
  return {
    host,
    async call(tool, principal, input, now = NOW) {
      const output = await tool.run(tool.input.parse(input), contextOf(principal, now))
      return (tool.output as z.ZodObject).strict().parse(output)
    },
    async read(resource, principal, variables = {}) {
      const value = await resource.read(variables, contextOf(principal, NOW))
      return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
    },
    async project(tenant, id, name = `Project ${id}`, description = '') {
      await db.asTenant(tenant, (tx) =>
        tx.run(sql`
          insert into tracker.projects (id, name, description, created_at)
          values (${id}, ${name}, ${description}, ${NOW})`),
      )
    },
    async person(tenant, id, name) {
      await db.asTenant(tenant, (tx) =>
        tx.run(sql`insert into tracker.people (id, name, email) values (${id}, ${name}, ${`${id}@example.test`})`),
      )
    },
    takeEvents: () =>
      db.asPlatform('test', async (tx) => {
        const rows = await tx.rows<OutboxEvent>(sql`select subject, event from tracker.outbox order by position`)
        await tx.run(sql`delete from tracker.outbox`)
        return rows
      }),
  }
}
