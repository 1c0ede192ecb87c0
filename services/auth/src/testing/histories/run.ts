import { AsyncLocalStorage } from 'node:async_hooks'
import { type Database, DatabaseUnavailable, json, sql, type Tx } from '@gatehouse/database'
import type { FastifyInstance } from 'fastify'
import { newId, newSecret, sha256 } from '../../secrets.ts'
import { refreshForm, token } from '../house.ts'
import { type Answer, type Family, judgeRound, placeOf } from './oracle.ts'
import type { Crash, History, Step } from './steps.ts'

/** What holds for everything that one request sets off: the time it lives in, and where its process dies. */
const request = new AsyncLocalStorage<{ readonly now: number; readonly crash: Crash }>()

/** A clock that stands still within a round, so that a history is judged by its own time and not by the machine's. */
export const standingClock = { now: (): number => request.getStore()?.now ?? Date.now() }

/** The database of a process that may die: before the commit everything is rolled back, after it nobody hears of it. */
export function mortal(db: Database): Database {
  return {
    ...db,
    asPlatform: async (purpose, body) => {
      const crash = purpose === 'refresh' ? request.getStore()?.crash : undefined
      const result = await db.asPlatform(purpose, async (tx) => {
        const done = await body(tx)
        if (crash === 'before-commit') throw new DatabaseUnavailable(new Error('died before the commit'))
        return done
      })
      if (crash === 'after-commit') throw new DatabaseUnavailable(new Error('died after the commit'), true)
      return result
    },
    writeAsPlatform: async (purpose, make) => {
      const crash = purpose === 'refresh' ? request.getStore()?.crash : undefined
      if (crash === 'before-commit') throw new DatabaseUnavailable(new Error('died before the commit'))
      const count = await db.writeAsPlatform(purpose, make)
      if (crash === 'after-commit') throw new DatabaseUnavailable(new Error('died after the commit'), true)
      return count
    },
  }
}

/** For so long what the history itself has to do is tried again. */
const PATIENCE_MS = 60_000

/** A database that is too busy for the history's own questions says nothing about what is tried here. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const again = error instanceof DatabaseUnavailable && !error.maybeCommitted && performance.now() < until
      if (!again) throw error
    }
  }
}

export interface Stage {
  /** Two nodes on one database. */
  readonly servers: readonly Pick<FastifyInstance, 'inject'>[]
  readonly db: Database
  readonly client: string
  /** A grant whose rows are copied for each family. */
  readonly template: string
  readonly windowMs: number
  /** Whether an access token is good, as a resource server is told that asks for it. */
  isActive(accessToken: string): Promise<boolean>
  /** Makes a new key of the ring the one in use. */
  rotateKey(): Promise<void>
}

/** Lives through one history on a family of its own. @returns a line for a person when something was wrong */
export async function live(stage: Stage, history: History): Promise<string | undefined> {
  const { id, first } = await newFamily(stage)
  const family: Family = { tokens: [first], usedAt: new Map(), alive: true, accessTokens: [] }
  // In step with the clock by which keys come and go, however long the other histories took.
  let now = Date.now()
  for (const [at, round] of history.entries()) {
    now += round.waitMs
    if (round.rotateKey) await stage.rotateKey()
    const presented = round.steps.map((step) => placeOf(family, step))
    const answers = await Promise.all(
      round.steps.map((step, place) => answerTo(stage, step, family.tokens[presented[place] ?? 0] ?? '', now)),
    )
    const fault = judgeRound(family, round, now, stage.windowMs, presented, answers) ?? (await twoLiving(stage, id))
    if (fault !== undefined) return `round ${at}: ${fault}`
  }
  return (await afterwards(stage, family, now)) ?? (await accessAfterwards(stage, family, id, now))
}

/** A dead family is dead for every token that it ever gave out; a living one still rotates. */
async function afterwards(stage: Stage, family: Family, now: number): Promise<string | undefined> {
  const last: Step = { kind: 'refresh', age: 0, crash: 'none', node: 0 }
  const used = family.usedAt.get(family.tokens.length - 1)
  // The answer to its first use was lost, and who comes back so late is not told from a thief: asking ends the family.
  const tooLate = used !== undefined && now - used > stage.windowMs
  if (family.alive && !tooLate) {
    const answer = await answerTo(stage, last, family.tokens.at(-1) ?? '', now)
    if (answer.kind === 'tokens') family.accessTokens.push(answer.accessToken)
    return answer.kind === 'tokens'
      ? undefined
      : `the newest token of a living family was answered ${JSON.stringify(answer)}`
  }
  family.alive = false
  if (tooLate) await answerTo(stage, last, family.tokens.at(-1) ?? '', now)
  for (const [place, given] of family.tokens.entries()) {
    const answer = await answerTo(stage, last, given, now)
    if (answer.kind !== 'refused' || answer.error !== 'invalid_grant') {
      return `token ${place} of a dead family was answered ${JSON.stringify(answer)}`
    }
  }
  return undefined
}

/**
 * With the family its access tokens die, and every node is told so, once; while it lives its newest is good and nobody is told anything.
 */
async function accessAfterwards(stage: Stage, family: Family, grant: string, now: number): Promise<string | undefined> {
  const isActive = (accessToken: string) =>
    request.run({ now, crash: 'none' }, () => patiently(() => stage.isActive(accessToken)))
  const told = await patiently(() =>
    stage.db.asPlatform('test', (tx) =>
      tx.rows(sql`delete from auth.outbox where subject = ${`auth.delta.grant.${grant}`} returning position`),
    ),
  )
  if (told.length !== (family.alive ? 0 : 1)) return `nodes were told ${told.length} times that the family ended`
  if (family.alive) {
    const newest = family.accessTokens.at(-1)
    return newest !== undefined && (await isActive(newest)) ? undefined : 'the newest access token is not good'
  }
  const good = await Promise.all(family.accessTokens.map(isActive))
  return good.includes(true) ? `access token ${good.indexOf(true)} of a dead family is good` : undefined
}

async function answerTo({ servers, client }: Stage, step: Step, given: string, now: number): Promise<Answer> {
  const server = servers[step.node]
  if (server === undefined) throw new Error(`there is no node ${step.node}`)
  if (step.kind === 'revoke') {
    const answer = await request.run({ now, crash: 'none' }, () => revoke(server, client, given))
    return { kind: 'refused', status: answer.statusCode, error: '' }
  }
  const answer = await request.run({ now, crash: step.crash }, () =>
    token({ server: server as FastifyInstance }, refreshForm(client, given)),
  )
  if (answer.statusCode === 503) return { kind: 'lost' }
  const { refresh_token: refreshToken, access_token: accessToken, error } = answer.json()
  return answer.statusCode === 200
    ? { kind: 'tokens', refreshToken, accessToken }
    : { kind: 'refused', status: answer.statusCode, error }
}

const revoke = (server: Pick<FastifyInstance, 'inject'>, client: string, given: string) =>
  server.inject({
    method: 'POST',
    url: '/oauth/revoke',
    payload: new URLSearchParams({ token: given, client_id: client }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })

async function twoLiving({ db }: Stage, grant: string): Promise<string | undefined> {
  const { living } = await patiently(() =>
    db.asPlatform('test', (tx) =>
      tx.one<{ living: number }>(
        sql`select count(*)::integer as living from auth.refresh_tokens where grant_id = ${grant} and used_at is null`,
      ),
    ),
  )
  return living === 1 ? undefined : `${living} tokens of the family are unused`
}

/** Copies the template's rows whatever their columns: signing in and consenting for each family would measure password hashing. */
async function newFamily({ db, template }: Stage): Promise<{ readonly id: string; readonly first: string }> {
  const [id, first] = [newId('grant'), newSecret()]
  const hash = `\\x${Buffer.from(sha256(first)).toString('hex')}`
  const copy = async (tx: Tx): Promise<void> => {
    await tx.run(sql`
      insert into auth.grants select (jsonb_populate_record(g, ${json({ id })}::jsonb)).* from auth.grants g
      where g.id = ${template}`)
    await tx.run(sql`
      insert into auth.refresh_tokens
      select (jsonb_populate_record(r, ${json({ hash, grant_id: id })}::jsonb)).* from auth.refresh_tokens r
      where r.grant_id = ${template} and r.generation = 0`)
  }
  await patiently(() => db.asPlatform('test', copy))
  return { id, first }
}
