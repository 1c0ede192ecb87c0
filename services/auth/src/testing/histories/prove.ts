import { openDatabase, sql } from '@gatehouse/database'
import { postgres, type Scope } from '@gatehouse/testkit'
import fc from 'fast-check'
import { authSchema } from '../../schema.ts'
import { retryWindowMs } from '../../token/judge-refresh.ts'
import { ADMIN, connect, type House, openHouse } from '../house.ts'
import { live, mortal, type Stage, standingClock } from './run.ts'
import { histories } from './steps.ts'

/** Half of them under each rule; `npm run proof refresh-histories` asks for more. */
export const HISTORIES = Number(process.env.GATEHOUSE_HISTORIES ?? 2_000) / 2
/** Lived at the same time, each on a family of its own. */
const TOGETHER = 10

/** Of a long run it can be seen how far it has come. */
const SAID_EACH = 1_000

/** Half of the histories, under one rule; a failed one is shrunk to its smallest. @throws with what was wrong */
export async function proveHistories(
  scope: Scope,
  refreshRetrySeconds: number,
  say: (line: string) => void,
): Promise<void> {
  const stage = await openStage(scope, refreshRetrySeconds)
  let lived = 0
  const together = fc.array(histories(stage.windowMs), { minLength: TOGETHER, maxLength: TOGETHER })
  await fc.assert(
    fc.asyncProperty(together, async (lives) => {
      const faults = await Promise.all(lives.map((history) => live(stage, history)))
      const fault = faults.find((each) => each !== undefined)
      if (fault !== undefined) throw new Error(fault)
      lived += lives.length
      if (lived % SAID_EACH === 0) say(`${lived} histories lived`)
    }),
    { numRuns: Math.ceil(HISTORIES / TOGETHER) },
  )
  say(`${HISTORIES} histories`)
}

async function openStage(scope: Scope, refreshRetrySeconds: number): Promise<Stage> {
  const { url } = await postgres(scope)
  const host = await openDatabase(url, { poolSize: 12 })
  scope.teardown(() => host.close())
  const db = mortal(host.as(authSchema.role))
  const profile = { refreshRetrySeconds }
  const one = await openHouse(scope, { host, profile, deps: { db, clock: standingClock } })
  const other = await openHouse(scope, { host, profile, deps: { db, clock: standingClock } })
  const { client } = await connect(one)
  const { id } = await db.asPlatform('test', (tx) => tx.one<{ id: string }>(sql`select id from auth.grants limit 1`))
  return {
    servers: [one.server, other.server],
    db,
    client,
    template: id,
    windowMs: retryWindowMs(refreshRetrySeconds),
    isActive: async (accessToken) => (await one.auth.introspect(accessToken)).active,
    rotateKey: rotateAt(one),
  }
}

/** One of so many wishes is granted, from the first history to the last: each key is read and opened again by every node. */
const ROTATE_EACH = 8
/** More than can be asked for while one history lasts; older ones are taken away, or reading them would be all that happens. */
const KEPT_KEYS = 25

/** The key of refresh tokens is replaced at once, by the operator's command at one of the nodes; the other has to find out. */
function rotateAt({ server, db }: House): () => Promise<void> {
  let wishes = 0
  return async () => {
    wishes += 1
    if (wishes % ROTATE_EACH !== 0) return
    await db.asPlatform('test', (tx) =>
      tx.run(sql`
        delete from auth.ring_keys where ring = 'refresh' and id not in (
          select id from auth.ring_keys where ring = 'refresh' order by active_at desc, id limit ${KEPT_KEYS})`),
    )
    const answer = await server.inject({
      method: 'POST',
      url: '/admin/v1/keyrings/refresh/rotate',
      headers: { authorization: `Bearer ${ADMIN}` },
      payload: { now: true },
    })
    if (answer.statusCode !== 200) throw new Error(answer.body)
  }
}
