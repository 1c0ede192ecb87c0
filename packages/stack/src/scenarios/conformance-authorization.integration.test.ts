import { freePort, installTools, temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { readResults, runSuite } from '../conformance/run-suite.ts'
import { authorizeInPages } from './person.ts'
import { runningHouse } from './running.ts'

installTools()

test('the official suite for authorization servers passes, with a person in a browser [CF-1, CF-7]', async (t) => {
  const { publicUrl, profile, secrets } = await runningHouse(t, { embedded: true })
  const port = await freePort()
  const callback = `http://127.0.0.1:${port}/callback`
  const client = { client_name: 'Suite', redirect_uris: [callback], token_endpoint_auth_method: 'none' }
  const registered = await fetch(`${publicUrl}${profile.paths.register}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(client),
  })
  t.equal(registered.status, 201)
  const { client_id: clientId } = (await registered.json()) as { client_id: string }

  const folder = temporaryFolder(t)
  const args = ['authorization', '--url', publicUrl, '--client-id', clientId, '-p', `${port}`, '-o', folder]
  let printed = ''
  let opened: Promise<unknown> | undefined
  const person = { email: 'member@acme.test', password: secrets.demoPassword }
  const said = (text: string) => {
    printed += text
    const [url] = /^http\S+response_type=code\S*$/m.exec(printed) ?? []
    // The callback's own server is the suite's: the browser goes there in the end.
    if (url !== undefined) opened ??= authorizeInPages(new URL(url), callback, person).then((back) => fetch(back))
  }
  const ending = new AbortController()
  t.teardown(() => ending.abort())
  await runSuite(args, { surroundings: process.env, signal: ending.signal, said })
  await opened

  const checks = Object.entries(readResults(folder, 'authorization-server')).flatMap(([scenario, all]) =>
    all.map(({ id, status, errorMessage }) => [scenario, id, status, errorMessage ?? '']),
  )
  t.same(checks.sort(), [
    ['authorization-code-grant', 'authorization-code-grant', 'SUCCESS', ''],
    ['authorization-server-metadata-endpoint', 'authorization-server-metadata', 'SUCCESS', ''],
    ['authorization-server-metadata-endpoint', 'authorization-server-metadata-cimd', 'SUCCESS', ''],
  ])
})
