import { measureAuditCost } from './audit-cost.ts'
import { measureAuditIngest } from './audit-ingest.ts'
import { measureHouse } from './house.ts'
import { measureNode } from './node-alone.ts'
import type { Section } from './section.ts'
import { measureNodes, measureStreams } from './streams.ts'
import { measureTokens } from './tokens/rows.ts'

/** Everything that is measured, in the order of the table. */
export const SECTIONS: readonly Section[] = [
  {
    name: 'house',
    about: 'the whole product in one process, embedded parts',
    measure: async (context) => ({ rows: await measureHouse(context) }),
  },
  {
    name: 'node',
    about: 'the MCP node alone, beside a bare handler and both SDKs',
    measure: measureNode,
  },
  {
    name: 'tokens',
    about: 'the token endpoint on PostgreSQL, beside a bare signer and oidc-provider',
    measure: async (context) => ({ rows: await measureTokens(context) }),
  },
  {
    name: 'audit',
    about: 'events into PostgreSQL beside a bare insert, and what an event costs its call',
    measure: async (context) => ({
      rows: await measureAuditIngest(context),
      figures: await measureAuditCost(context),
    }),
  },
  {
    name: 'streams',
    about: '5,000 open streams on one node',
    measure: async ({ folder, surroundings }) => ({ figures: await measureStreams(folder, surroundings) }),
  },
  {
    name: 'nodes',
    about: 'from a change to its listeners, and calls, over two nodes with PostgreSQL, Redis and NATS',
    measure: async ({ folder, surroundings, ...rounds }) => ({
      figures: await measureNodes(folder, surroundings, rounds),
    }),
  },
]
