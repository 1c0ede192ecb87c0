import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from '@gatehouse/testkit'
import type { Page } from 'playwright-core'
import { type HouseOfTest, runningHouse } from './running.ts'

/** The product in one process with demo data, as a person's browser and a client see it. */
export interface BrowsedHouse {
  readonly publicUrl: string
  readonly password: string
  readonly appsUrl: string
  readonly mcpUrl: string
  readonly keysUrl: string
  readonly adminToken: string
}

export async function openBrowsedHouse(t: Scope, how: Pick<HouseOfTest, 'clock' | 'port'> = {}): Promise<BrowsedHouse> {
  const { profile, publicUrl, secrets } = await runningHouse(t, how)
  const { mcp, authorizedApps, apiKeys } = profile.paths
  const [appsUrl, mcpUrl, keysUrl] = [`${publicUrl}${authorizedApps}`, `${publicUrl}${mcp}`, `${publicUrl}${apiKeys}`]
  return { publicUrl, password: secrets.demoPassword, appsUrl, mcpUrl, keysUrl, adminToken: secrets.adminToken }
}

/** Serves one thing on a port of its own. @returns its origin */
export async function serve(t: Scope, host: string, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, host)
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
}

/** Where a client of the test listens; it says "Connected" to whoever comes. */
export const serveCallback = async (t: Scope, host = '127.0.0.1'): Promise<string> =>
  `${await serve(t, host, (_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><link rel="icon" href="data:,"><title>Connected</title><h1>Connected</h1>')
  })}/callback`

/** A public client as it registers itself and asks. */
export interface Program {
  readonly id: string
  /** @returns an address to open, with a state of its own */
  ask(changes?: Readonly<Record<string, string>>): URL
  /** The answer of the token endpoint to the code in a callback. */
  exchange(callback: URL): Promise<{ readonly access_token: string; readonly refresh_token: string }>
  refresh(refreshToken: string): Promise<Response>
}

export async function registerProgram(house: BrowsedHouse, name: string, redirectUri: string): Promise<Program> {
  const { publicUrl } = house
  const discovered = await fetch(`${publicUrl}/.well-known/oauth-authorization-server`)
  const endpoints = (await discovered.json()) as Record<
    'registration_endpoint' | 'authorization_endpoint' | 'token_endpoint',
    string
  >
  const registered = await fetch(endpoints.registration_endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: name,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    }),
  })
  const { client_id: id } = (await registered.json()) as { client_id?: string }
  if (id === undefined) throw new Error(`the client could not register: ${registered.status}`)
  const verifier = randomBytes(32).toString('base64url')
  const ask = (changes: Readonly<Record<string, string>> = {}) => {
    const url = new URL(endpoints.authorization_endpoint)
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: id,
      redirect_uri: redirectUri,
      state: randomBytes(8).toString('hex'),
      scope: 'mcp:read mcp:write',
      resource: house.mcpUrl,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...changes,
    }).toString()
    return url
  }
  const post = (form: Record<string, string>) =>
    fetch(endpoints.token_endpoint, { method: 'POST', body: new URLSearchParams({ client_id: id, ...form }) })
  return {
    id,
    ask,
    refresh: (refresh_token) => post({ grant_type: 'refresh_token', refresh_token }),
    async exchange(callback) {
      const code = callback.searchParams.get('code') ?? ''
      const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }
      const answer = await post(form)
      if (!answer.ok) throw new Error(`the code was refused: ${await answer.text()}`)
      return (await answer.json()) as { access_token: string; refresh_token: string }
    },
  }
}

/** Fills in and sends the sign-in form that the page shows. */
export async function signIn(page: Page, password: string, email = 'owner@acme.test'): Promise<void> {
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

export const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name }).click()

/** An operation of the admin API at the house. */
export async function operate(
  { publicUrl, adminToken }: Pick<BrowsedHouse, 'publicUrl' | 'adminToken'>,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${publicUrl}/admin/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return (await answer.json()) as Record<string, unknown>
}
