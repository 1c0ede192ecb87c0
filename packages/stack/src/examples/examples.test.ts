import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { t as file, test } from 'tap'
import { connectClient, runningHouse } from '../scenarios/running.ts'
import { ownService as plainNode } from './plain-node.ts'
import { ownService as withFastify } from './with-fastify.ts'

file.setTimeout(120_000)

const page = readFileSync(join(import.meta.dirname, '../../../../docs/reuse-tokens.md'), 'utf8')

test('the page shows the examples as they are', async (t) => {
  for (const name of ['plain-node.ts', 'with-fastify.ts']) {
    const source = readFileSync(join(import.meta.dirname, name), 'utf8')
    t.ok(page.includes(`\`\`\`ts\n${source}\`\`\`\n`), name)
  }
})

test('a service of a company’s own takes a token that a person gave a client, and no other', async (t) => {
  const running = await runningHouse(t)
  const { accessToken, client } = await connectClient(running, 'member@acme.test')
  await client.close()
  const audience = `${running.publicUrl}/mcp`
  const authorization = `Bearer ${accessToken}`

  const server = plainNode(running.publicUrl, audience)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const answer = await fetch(url, { headers: { authorization } })
  t.equal(answer.status, 200)
  t.match(await answer.json(), { tenant: /./, person: /./, mayWrite: true })
  for (const wrong of [undefined, 'Bearer x', `Bearer ${accessToken.slice(0, -4)}AAAA`]) {
    t.equal((await fetch(url, wrong === undefined ? {} : { headers: { authorization: wrong } })).status, 401)
  }

  const app = withFastify(running.publicUrl, audience)
  t.teardown(() => app.close())
  t.equal((await app.inject({ url: '/', headers: { authorization } })).statusCode, 200)
  t.equal((await app.inject('/')).statusCode, 401)
  const other = withFastify(running.publicUrl, 'https://api.example')
  t.teardown(() => other.close())
  t.equal((await other.inject({ url: '/', headers: { authorization } })).statusCode, 401, 'a token is for one audience')
})
