import { announceIn, defineCatalog, defineResource, defineTool, onEvent, type Rows } from '@gatehouse/catalog'
import { defineEvent } from '@gatehouse/contracts'
import { type Database, sql, type Tx } from '@gatehouse/database'
import { z } from 'zod'

/** Counters that proofs change and listen to: the smallest thing of which it can be said whether a reader has seen its last change. */
export const CounterChanged = defineEvent('counter.changed', 1, z.object({ id: z.string(), value: z.number().int() }))

export const SCOPE = 'counters:use'
export const NAME = 'counters'
/** Demo tenants whose counters there are from the beginning. */
const PREPARED = 4_000

const announce = announceIn(NAME)
const Counter = z.object({ id: z.string(), value: z.number().int() })

/** Changes some counters and says so, all in one transaction. */
export async function addTo(
  tx: Tx,
  ids: readonly string[],
  by: Parameters<typeof announce>[1],
): Promise<readonly z.output<typeof Counter>[]> {
  const rows = await tx.rows<{ id: string; value: bigint }>(sql`
    update counters.counters set value = value + 1 where id = any(${ids}::text[]) returning id, value`)
  const changed = rows.map(({ id, value }) => ({ id, value: Number(value) }))
  for (const one of changed) await announce(tx, by, CounterChanged, one)
  return changed
}

const add = defineTool<Rows>()({
  name: 'counters_add',
  title: 'Add one',
  description: 'Adds one to a counter.',
  scopes: [SCOPE],
  effect: 'writes',
  input: z.object({ id: z.string().max(40) }),
  output: Counter,
  run: ({ id }, call) =>
    call.transact(async (tx) => {
      const [changed] = await addTo(tx, [id], call)
      if (changed === undefined) throw new Error(`there is no counter ${id}`)
      return changed
    }),
})

const ping = defineTool<Rows>()({
  name: 'counters_ping',
  title: 'Ping',
  description: 'Answers, and asks nobody for it.',
  scopes: [SCOPE],
  effect: 'reads',
  input: z.object({}),
  output: z.object({}),
  run: async () => ({}),
})

const counter = defineResource<Rows>()({
  name: 'counter',
  path: 'counters/{id}',
  title: 'A counter',
  description: 'How often it was changed.',
  mimeType: 'application/json',
  scopes: [SCOPE],
  subscribable: true,
  read: async ({ id }, { transact }) =>
    transact(async (tx) => {
      const [row] = await tx.rows<{ value: bigint }>(sql`select value from counters.counters where id = ${id}`)
      return row === undefined ? undefined : { id, value: Number(row.value) }
    }),
})

export const catalog = defineCatalog<Rows>({
  name: NAME,
  schema: { name: NAME, role: 'gatehouse_mcp', migrations: new URL('./migrations/', import.meta.url) },
  tools: [add, ping],
  resources: [counter],
  changes: [onEvent(CounterChanged, ({ id }) => [`counters/${id}`])],
  open:
    ({ db }: { readonly db: Database }) =>
    ({ tenant }) => ({ transact: (body) => db.asTenant(tenant, body) }),
  async demo({ db }, { id: tenant }) {
    await db.asTenant(tenant, (tx) =>
      tx.run(sql`
        insert into counters.counters (tenant, id)
        select ${tenant}, 'c' || n from generate_series(1, ${PREPARED}::integer) as n on conflict do nothing`),
    )
  },
})

export const refusedInProduction = true
