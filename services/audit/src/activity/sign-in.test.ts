import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Test, test } from 'tap'
import { createSignIn } from './sign-in.ts'

/** A server of the test's own. @returns its origin */
async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a code and its verifier go to auth alone: where auth points elsewhere nobody follows', async (t) => {
  let asked = 0
  const elsewhere = await serve(t, (_request, response) => {
    asked += 1
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ access_token: 'stolen', token_type: 'Bearer' }))
  })
  for (const status of [301, 302, 303, 307, 308]) {
    const authUrl = await serve(t, (_request, response) => {
      response.writeHead(status, { location: `${elsewhere}/oauth/token` }).end()
    })
    const signIn = createSignIn({
      publicUrl: 'https://gatehouse.test',
      issuer: 'https://gatehouse.test',
      authUrl,
      resource: 'https://gatehouse.test/activity',
      fetch,
      now: () => Date.now(),
    })
    const { attempt } = signIn.begin('')
    await t.rejects(signIn.redeem('code', attempt), TypeError, String(status))
  }
  t.equal(asked, 0)
})
