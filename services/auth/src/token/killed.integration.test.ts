import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type DatabaseHost, openDatabase, sql } from '@gatehouse/database'
import { eventually, type NodeProcess, postgres, spawnNode } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import {
  ADMIN,
  authorize,
  exchangeForm,
  type House,
  newVerifier,
  ORIGIN,
  openHouse,
  refreshForm,
  registerClient,
  token,
} from '../testing/house.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const WITHIN_MS = 10_000

/** A database, the node that lives on, and a client of it. */
interface Place {
  readonly host: DatabaseHost
  readonly house: House
  readonly client: string
  /** A node of its own process on the same database, which is going to die. */
  doomed(): Promise<{ readonly process: NodeProcess; readonly origin: string }>
  code(): Promise<{ readonly form: Record<string, string>; readonly grant: string }>
}

async function openPlace(t: Test): Promise<Place> {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 8 })
  t.teardown(() => host.close())
  const house = await openHouse(t, { host })
  const { client_id: client } = await registerClient(house)
  const environment = {
    DATABASE_URL: url,
    PUBLIC_URL: ORIGIN,
    GATEHOUSE_SECRET: 'a secret of enough characters',
    GATEHOUSE_ADMIN_TOKEN: ADMIN,
    GATEHOUSE_MIGRATE: '0',
    PORT: '0',
  }
  return {
    host,
    house,
    client,
    async doomed() {
      const process = spawnNode(t, MAIN, environment)
      const line = await process.ready('"listening"')
      return { process, origin: `http://127.0.0.1:${/"port":(\d+)/.exec(line)?.[1] ?? ''}` }
    },
    async code() {
      const verifier = newVerifier()
      const code = (await authorize(house, client, verifier)).get('code') ?? ''
      const { id } = await house.db.asPlatform('test', (tx) =>
        tx.one<{ id: string }>(sql`select id from auth.grants order by created_at desc, id limit 1`),
      )
      return { form: exchangeForm(client, code, verifier), grant: id }
    },
  }
}

/** Sends an exchange to a process that dies meanwhile. @returns the tokens if the answer still came */
const exchangeAt = async (
  origin: string,
  form: Record<string, string>,
): Promise<{ refresh_token?: string } | undefined> => {
  try {
    const answer = await fetch(`${origin}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
    return (await answer.json()) as { refresh_token?: string }
  } catch {
    return undefined
  }
}

const isSpent = ({ house }: Place, grant: string): Promise<boolean> =>
  house.db.asPlatform('test', async (tx) => {
    const found = await tx.maybe(sql`select from auth.codes where grant_id = ${grant} and consumed_at is not null`)
    return found !== undefined
  })

const families = ({ house }: Place, grant: string): Promise<number> =>
  house.db.asPlatform('test', async (tx) => {
    const { count } = await tx.one<{ count: number }>(
      sql`select count(*)::integer as count from auth.refresh_tokens where grant_id = ${grant} and generation = 0`,
    )
    return count
  })

test('a node that is killed before the commit leaves the code usable [A-AC-01]', async (t) => {
  const place = await openPlace(t)
  const { process, origin } = await place.doomed()
  const { form, grant } = await place.code()
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  // Holds the row that the exchange needs, so that it is in the middle of its transaction when its process dies.
  const holding = place.house.db.asPlatform('test', async (tx) => {
    await tx.run(sql`select from auth.grants where id = ${grant} for update`)
    await released
  })
  const lost = exchangeAt(origin, form)
  const waiting = () =>
    place.house.db.asPlatform('test', (tx) =>
      tx.maybe(sql`select from pg_locks where not granted and locktype in ('transactionid', 'tuple')`),
    )
  await eventually(WITHIN_MS, 'the exchange to wait for the grant', waiting)
  process.kill('SIGKILL')
  t.equal(await lost, undefined, 'nobody was answered')
  release()
  await holding
  await eventually(WITHIN_MS, 'the transaction of the dead to be gone', async () => (await waiting()) === undefined)
  t.equal(await isSpent(place, grant), false)
  const answer = await token(place.house, form)
  t.equal(answer.statusCode, 200)
  t.equal(await families(place, grant), 1)
  t.equal((await token(place.house, refreshForm(place.client, answer.json().refresh_token))).statusCode, 200)
})

test('a node that is killed after the commit leaves the code spent: a second exchange is refused and no token is alive [A-AC-03]', async (t) => {
  const place = await openPlace(t)
  const { process, origin } = await place.doomed()
  const { form, grant } = await place.code()
  const lost = exchangeAt(origin, form)
  await eventually(WITHIN_MS, 'the commit', () => isSpent(place, grant))
  process.kill('SIGKILL')
  const answered = await lost
  t.match((await token(place.house, form)).json(), { error: 'invalid_grant' })
  t.equal(await families(place, grant), 1)
  const { ended } = await place.house.db.asPlatform('test', (tx) =>
    tx.one<{ ended: boolean }>(sql`select ended_at is not null as ended from auth.grants where id = ${grant}`),
  )
  t.equal(ended, true, 'what the lost answer gave is dead')
  if (answered?.refresh_token !== undefined) {
    const again = await token(place.house, refreshForm(place.client, answered.refresh_token))
    t.match(again.json(), { error: 'invalid_grant' })
  }
})

test('a node that is killed at any moment of an exchange leaves the code whole or spent, and never two families [A-AC-02]', async (t) => {
  const place = await openPlace(t)
  const nodes = await Promise.all([place.doomed(), place.doomed(), place.doomed(), place.doomed()])
  for (const [at, { process, origin }] of nodes.entries()) {
    const { form, grant } = await place.code()
    const lost = exchangeAt(origin, form)
    // Not a wait for something: the moments of death are spread over the few milliseconds that an exchange takes.
    await pause(at * 6)
    process.kill('SIGKILL')
    await lost
    await process.ended
    const again = await token(place.house, form)
    const spent = again.statusCode !== 200
    if (spent) t.match(again.json(), { error: 'invalid_grant' })
    t.equal(await families(place, grant), 1, spent ? 'spent' : 'whole')
    const { living } = await place.house.db.asPlatform('test', (tx) =>
      tx.one<{ living: boolean }>(sql`select ended_at is null as living from auth.grants where id = ${grant}`),
    )
    t.equal(living, !spent)
  }
})
