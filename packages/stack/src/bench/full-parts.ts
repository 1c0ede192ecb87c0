import { chmodSync, mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { openDatabase, sql } from '@gatehouse/database'
import { mcpSchema } from '@gatehouse/mcp'
import { freePort, startNats, startPostgres, startRedis } from '@gatehouse/testkit'
import type { NativeOptions } from './native-options.ts'

/** PostgreSQL, Redis and NATS with JetStream for a node that is measured. Nobody reads the events. */
export interface FullParts {
  readonly database: string
  readonly full: NonNullable<NativeOptions['full']>
  /** Commands that were sent to Redis, not counting those that a script carries out there, and transactions of PostgreSQL. */
  done(): Promise<{ readonly commands: number; readonly transactions: number }>
  stop(): Promise<void>
}

/** Statistics of the server are told a while after a transaction has ended. */
const TOLD_AFTER_MS = 1_500

/** @param folder is there, and other users can enter it */
export async function startFullParts(folder: string): Promise<FullParts> {
  const stops: (() => Promise<unknown>)[] = []
  const placeOf = async (name: string) => {
    const dir = join(folder, name)
    mkdirSync(dir, { mode: 0o711 })
    chmodSync(folder, 0o711)
    return { dir, port: await freePort() }
  }
  const keep = async <S extends { readonly url: string; stop(): Promise<unknown> }>(starting: Promise<S>) => {
    const server = await starting
    stops.unshift(() => server.stop())
    return server.url
  }
  const database = await keep(startPostgres(await placeOf('postgres')))
  const redis = await keep(startRedis(await placeOf('redis')))
  const nats = await keep(startNats(await placeOf('nats')))
  return {
    database,
    full: { redis, nats },
    async done() {
      await new Promise((resolve) => setTimeout(resolve, TOLD_AFTER_MS))
      return { commands: await commandsOf(redis), transactions: await transactionsOf(database) }
    },
    async stop() {
      for (const stop of stops) await stop()
    },
  }
}

function commandsOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let heard = ''
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      heard += chunk.toString()
      if (!heard.endsWith('\r\n')) return
      socket.destroy()
      // All that a node sends for a call is one of these.
      const told = [...heard.matchAll(/cmdstat_(?:eval|evalsha|get|set|publish):calls=(\d+)/g)]
      resolve(told.reduce((sum, [, calls]) => sum + Number(calls), 0))
    })
    socket.write('INFO commandstats\r\n')
  })
}

async function transactionsOf(database: string): Promise<number> {
  const host = await openDatabase(database)
  try {
    const [row] = await host
      .as(mcpSchema.role)
      .readAsPlatform<{ transactions: bigint }>(
        'bench',
        sql`select xact_commit + xact_rollback as transactions from pg_stat_database where datname = current_database()`,
      )
    return Number(row?.transactions)
  } finally {
    await host.close()
  }
}
