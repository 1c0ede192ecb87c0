import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DatabaseHost, openDatabase, sql } from '@gatehouse/database'
import { loadProfile } from '@gatehouse/profiles'
import { type NodeProcess, postgres, spawnNode, temporaryFolder } from '@gatehouse/testkit'
import type { Test } from 'tap'
import { sha256 } from '../secrets.ts'
import {
  ADMIN,
  authorize,
  exchangeForm,
  type House,
  newVerifier,
  ORIGIN,
  openHouse,
  registerClient,
  Visitor,
} from './house.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

/** A database, the node that lives on, and a client of it. */
export interface Place {
  readonly host: DatabaseHost
  readonly house: House
  readonly client: string
  /** A node of its own process on the same database, which is going to die. */
  doomed(): Promise<Doomed>
  /** A code that nobody has exchanged yet, of a grant of its own. */
  code(): Promise<{ readonly form: Record<string, string>; readonly grant: string }>
}

export interface Doomed {
  readonly process: NodeProcess
  readonly origin: string
}

/** @param refreshRetrySeconds of the profile of all nodes; 0 is the strict rule */
export async function openPlace(t: Test, refreshRetrySeconds = 0): Promise<Place> {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 8 })
  t.teardown(() => host.close())
  const house = await openHouse(t, { host, profile: { refreshRetrySeconds } })
  const { client_id: client } = await registerClient(house)
  const profile = join(temporaryFolder(t), 'align.json')
  writeFileSync(profile, JSON.stringify({ ...loadProfile('align'), refreshRetrySeconds }))
  const environment = {
    DATABASE_URL: url,
    PUBLIC_URL: ORIGIN,
    GATEHOUSE_PROFILE: profile,
    GATEHOUSE_SECRET: 'a secret of enough characters',
    GATEHOUSE_ADMIN_TOKEN: ADMIN,
    GATEHOUSE_MIGRATE: '0',
    PORT: '0',
  }
  const person = new Visitor(house)
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
      const code = (await authorize(house, client, verifier, {}, person)).get('code') ?? ''
      const { grant } = await house.db.asPlatform('test', (tx) =>
        tx.one<{ grant: string }>(sql`select grant_id as "grant" from auth.codes where hash = ${sha256(code)}`),
      )
      return { form: exchangeForm(client, code, verifier), grant }
    },
  }
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

/** Asks a process that dies meanwhile for tokens. @returns them if the answer still came */
export async function askAt(origin: string, form: Record<string, string>): Promise<Tokens | undefined> {
  try {
    const answer = await fetch(`${origin}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
    return (await answer.json()) as Tokens
  } catch {
    return undefined
  }
}
