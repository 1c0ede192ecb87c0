import type { Bus } from '@gatehouse/bus'
import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { filterQuery, readParameters } from '../events/query.ts'
import { sendLines } from '../export/export.route.ts'
import { publishedHeads } from '../seal/publish.ts'
import type { HeadSigner } from '../seal/rings.ts'
import { PLATFORM_CHAIN, tenantChain } from '../seal/seal.store.ts'
import { proofLines } from './evidence.ts'

export interface ProofDeps {
  readonly database: Database
  readonly bus: Bus
  readonly signer: HeadSigner
  readonly clock: Clock
}

const tenantQuery = z.strictObject({ tenant: filterQuery.shape.tenant })
/** Bytes gathered before they are sent. */
const CHUNK = 65_536

/** What an operator proves the log with: all that was sealed, and the heads that the bus has. */
export function proofRoutes(server: FastifyInstance, deps: ProofDeps): void {
  const { database, bus, signer, clock } = deps
  server.get('/admin/v1/audit/proof', async (request, reply) => {
    const { tenant } = readParameters(tenantQuery, request.query)
    const options = { keys: await signer.publicKeys(), at: new Date(clock.now()), tenant }
    const lines = proofLines((body) => database.asPlatform('audit: proof', body), options)
    return sendLines(reply, 'application/x-ndjson', 'audit.proof.jsonl', gathered(lines))
  })

  server.get('/admin/v1/audit/heads', async (request, reply) => {
    const { tenant } = readParameters(tenantQuery, request.query)
    const chains = tenant === undefined ? [undefined] : [PLATFORM_CHAIN, tenantChain(tenant)]
    const heads = []
    for (const chain of chains) heads.push(...(await publishedHeads(bus, chain)))
    return sendLines(reply, 'application/jose-seq', 'audit.heads', ofLines(heads))
  })
}

/** Anybody may check what was signed. */
export function keySetRoute(server: FastifyInstance, signer: HeadSigner): void {
  server.get('/admin/v1/audit/jwks.json', async (_request, reply) =>
    reply
      .type('application/jwk-set+json')
      .header('cache-control', 'public, max-age=300')
      .send(await signer.publicKeys()),
  )
}

async function* ofLines(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield `${line}\n`
}

async function* gathered(lines: AsyncIterable<object>): AsyncGenerator<string> {
  let chunk = ''
  for await (const line of lines) {
    chunk += `${JSON.stringify(line)}\n`
    if (chunk.length < CHUNK) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}
