import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { testDatabase } from '@gatehouse/database/testing'
import type { Principal } from '@gatehouse/policy'
import { test } from 'tap'
import { z } from 'zod'
import { claimFirst } from '../claims.ts'
import { createHttpApi } from './http-api.ts'

const own = { name: 'mcp', role: 'gatehouse_mcp', migrations: new URL('../../fixtures/claims/', import.meta.url) }

test('what a person confirmed once reaches the API once, however many ask at once, by the claim as its key', async (t) => {
  const db = (await testDatabase(t, [own])).as(own.role)
  const keys: (string | undefined)[] = []
  const server = createServer(({ headers }, response) => {
    keys.push(headers['idempotency-key'] as string | undefined)
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const api = createHttpApi({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credential: { token: async () => 'service-token', forget: () => undefined },
  })
  const principal = {
    tenant: 'acme',
    kind: 'person',
    subject: 'ada',
    roles: [],
    scopes: new Set(),
  } as unknown as Principal
  const claim = { id: 'claim_1', expiresAt: new Date(Date.now() + 60_000) }
  const run = async () => {
    const idempotencyKey = await claimFirst(db, principal, claim)
    const path = ['tickets', 'tk_1', 'purge']
    const { signal } = new AbortController()
    return api.request({ principal, signal }, { method: 'POST', path, idempotencyKey, answer: z.undefined() })
  }
  const ends = await Promise.allSettled(Array.from({ length: 50 }, run))
  const done = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
  t.same(done, [{ ok: true, status: 204, body: undefined }])
  const refused = ends.filter((end) => end.status === 'rejected' && end.reason.code === 'confirmation.used')
  t.equal(refused.length, 49)
  t.same(keys, ['claim_1'])
})
