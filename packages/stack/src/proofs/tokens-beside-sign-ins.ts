import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { loadProfile } from '@gatehouse/profiles'
import { startCluster } from '../cluster/cluster.ts'
import { authorizeInPages } from '../scenarios/person.ts'
import { openSecrets } from '../secrets.ts'
import type { Proof } from './proof.ts'

const ROUNDS = 5
const ROUND_MS = 6_000
const SIGN_INS_PER_SECOND = 8
const FAMILIES = 4
/** Between two refreshes of one family: about 50 tokens a second in all. */
const THINK_MS = 75
const MOST = 3
const CALLBACK = 'http://127.0.0.1:33418/callback'
const PERSON = 'member@acme.test'

/** Refreshes go on while people sign in with passwords; hashing has its own bounded pool, so tokens do not wait for it. */
export const tokensBesideSignIns: Proof = {
  name: 'tokens-beside-sign-ins',
  claim: `while ${SIGN_INS_PER_SECOND} people a second sign in with passwords, the 99th percentile of a refresh stays within ${MOST} times of what it is without them`,
  async run({ surroundings, folder, say }) {
    const profile = loadProfile('align')
    const given = { adminToken: undefined, demoPassword: undefined, demoApiKey: undefined }
    const secrets = await openSecrets(folder, profile.apiKeyPrefix, given)
    const cluster = await startCluster({
      folder,
      port: 0,
      mcpNodes: 1,
      profile: 'align',
      secrets,
      demo: true,
      surroundings,
    })
    try {
      const origin = cluster.publicUrl
      const families: Family[] = []
      for (let count = 0; count < FAMILIES; count += 1) {
        families.push(await openFamily(origin, profile.paths.register, secrets.demoPassword))
      }
      const browser = await openBrowser(origin, secrets.demoPassword)
      await refreshFor(1_000, families)
      const [idle, busy]: [number[], number[]] = [[], []]
      const pairs: { idle: number; busy: number }[] = []
      let signIns = 0
      for (let round = 0; round < ROUNDS; round += 1) {
        const alone = await refreshFor(ROUND_MS, families)
        const [beside, signedIn] = await Promise.all([refreshFor(ROUND_MS, families), signInFor(ROUND_MS, browser)])
        signIns += signedIn
        idle.push(...alone)
        busy.push(...beside)
        pairs.push({ idle: percentile(alone, 0.99), busy: percentile(beside, 0.99) })
        say(
          `round ${round + 1}: p99 ${pairs.at(-1)?.idle.toFixed(1)} ms alone, ${pairs.at(-1)?.busy.toFixed(1)} ms beside ${signedIn} sign-ins`,
        )
      }
      const result = {
        tokens: idle.length + busy.length,
        signIns,
        signInsPerSecond: Math.round((signIns / (ROUNDS * ROUND_MS)) * 10_000) / 10,
        idleP50Ms: rounded(percentile(idle, 0.5)),
        idleP99Ms: rounded(percentile(idle, 0.99)),
        busyP50Ms: rounded(percentile(busy, 0.5)),
        busyP99Ms: rounded(percentile(busy, 0.99)),
        ratio: rounded(percentile(busy, 0.99) / percentile(idle, 0.99)),
      }
      if (result.ratio > MOST || result.signInsPerSecond < SIGN_INS_PER_SECOND * 0.9) {
        throw new Error(JSON.stringify(result))
      }
      return result
    } finally {
      await cluster.close()
    }
  },
}

/** A client with a refresh token that is used up and renewed with every request. */
interface Family {
  refresh(): Promise<void>
}

async function openFamily(origin: string, register: string, password: string): Promise<Family> {
  const registered = await fetch(`${origin}${register}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Proof',
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    }),
  })
  const { client_id } = (await registered.json()) as { client_id: string }
  const verifier = randomBytes(32).toString('base64url')
  const query = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri: CALLBACK,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const person = { email: PERSON, password }
  const back = await authorizeInPages(new URL(`${origin}/oauth/authorize?${query}`), CALLBACK, person)
  const ask = async (form: Record<string, string>): Promise<string> => {
    const body = new URLSearchParams({ client_id, ...form })
    const answer = await fetch(`${origin}/oauth/token`, { method: 'POST', body })
    const { refresh_token, ...rest } = (await answer.json()) as { refresh_token?: string }
    if (refresh_token === undefined) throw new Error(`${answer.status} ${JSON.stringify(rest)}`)
    return refresh_token
  }
  const code = back.searchParams.get('code') ?? ''
  let held = await ask({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK })
  return {
    async refresh() {
      held = await ask({ grant_type: 'refresh_token', refresh_token: held })
    },
  }
}

/** @returns how long each took, in milliseconds */
async function refreshFor(ms: number, families: readonly Family[]): Promise<number[]> {
  const until = performance.now() + ms
  const took: number[] = []
  await Promise.all(
    families.map(async (family) => {
      while (performance.now() < until) {
        const began = performance.now()
        await family.refresh()
        took.push(performance.now() - began)
        await pause(THINK_MS)
      }
    }),
  )
  return took
}

/** One sign-in after another from a browser that has signed in before, so that its tries are counted for itself alone. */
async function openBrowser(origin: string, password: string): Promise<() => Promise<void>> {
  const page = await fetch(`${origin}/sign-in`)
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? ''
  const cookies = new Map<string, string>()
  const keep = (answer: Response, name: RegExp): void => {
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1)
      const at = pair.indexOf('=')
      if (name.test(pair.slice(0, at))) cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }
  keep(page, /./)
  const signIn = async (): Promise<void> => {
    const answer = await fetch(`${origin}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      body: new URLSearchParams({ csrf, email: PERSON, password }),
    })
    await answer.body?.cancel()
    if (answer.status !== 303) throw new Error(`a sign-in was answered ${answer.status}`)
    // Not the browser's own cookie: with the one from before it signs in anew.
    keep(answer, /device$/)
  }
  await signIn()
  return signIn
}

/** At a steady rate, whether or not earlier ones are done. @returns how many were */
async function signInFor(ms: number, signIn: () => Promise<void>): Promise<number> {
  const pending: Promise<void>[] = []
  const began = performance.now()
  for (let count = 0; ; count += 1) {
    const due = began + (count * 1_000) / SIGN_INS_PER_SECOND
    if (due >= began + ms) break
    await pause(Math.max(0, due - performance.now()))
    pending.push(signIn())
  }
  await Promise.all(pending)
  return pending.length
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

const rounded = (value: number): number => Math.round(value * 100) / 100
