import { sql } from '@gatehouse/database'
import { z } from 'zod'
import { time } from './fields.ts'
import { type AdminDeps, defineOperation, type Operation } from './operation.ts'

/** How long a part may take to answer before it is called away. */
const PATIENCE_MS = 3_000

/** What this installation is made of; each part by the name that operators know. */
export interface Installation {
  readonly production: boolean
  /** Parts that live in this process only. */
  readonly embedded: readonly PartName[]
  readonly mail: 'smtp' | 'log'
}

const PARTS = ['database', 'redis', 'nats'] as const
export type PartName = (typeof PARTS)[number]

const part = z.object({
  name: z.enum(PARTS),
  embedded: z.boolean().describe('Whether it lives in this process only.'),
  reachable: z.boolean(),
})

/** For `gatehouse doctor`: what the authorization server sees of itself. */
export const DOCTOR_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/doctor',
    summary: 'What the authorization server is made of, which parts answer, and what time it is there',
    input: z.object({}),
    output: z.object({
      issuer: z.string(),
      production: z.boolean(),
      mail: z.enum(['smtp', 'log']).describe('`log`: letters are not sent.'),
      now: time,
      databaseNow: time.optional().describe('Absent: the database does not answer.'),
      parts: z.array(part),
    }),
    run: async (_input, deps) => {
      const { production, embedded, mail } = deps.installation
      const [databaseNow, redis, nats] = await Promise.all([
        answered(databaseTime(deps)),
        answered(deps.kv.ping().then(() => true)),
        answered(deps.bus.ping().then(() => true)),
      ])
      const reachable = { database: databaseNow !== undefined, redis: redis === true, nats: nats === true }
      return {
        issuer: deps.publicUrl,
        production,
        mail,
        now: new Date(deps.clock.now()).toISOString(),
        ...(databaseNow === undefined ? {} : { databaseNow: databaseNow.toISOString() }),
        parts: PARTS.map((name) => ({ name, embedded: embedded.includes(name), reachable: reachable[name] })),
      }
    },
  }),
]

const databaseTime = async ({ db }: AdminDeps): Promise<Date> =>
  (await db.asPlatform('doctor', (tx) => tx.one<{ readonly now: Date }>(sql`select clock_timestamp() as now`))).now

/** `undefined` for what is away, or takes too long to say so. */
async function answered<T>(asked: Promise<T>): Promise<T | undefined> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  const tooLong = new Promise<undefined>((resolve) => patience.addEventListener('abort', () => resolve(undefined)))
  return Promise.race([asked.catch(() => undefined), tooLong])
}
