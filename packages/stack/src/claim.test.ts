import { once } from 'node:events'
import { createServer } from 'node:net'
import { ConfigError } from '@gatehouse/config'
import { freePort, temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { claimFolder, claimPort } from './claim.ts'

test('a folder is of the profile that filled it first; another one is told so, and what to write', (t) => {
  const folder = temporaryFolder(t)
  claimFolder(folder, 'align', '.gatehouse')
  claimFolder(folder, 'align', '.gatehouse')
  t.throws(() => claimFolder(folder, 'orgonaut', '.gatehouse'), {
    constructor: ConfigError,
    message: /profile align; give orgonaut .*GATEHOUSE_FOLDER=\.gatehouse\/orgonaut/,
  })
  t.end()
})

test('a port that somebody has is found out before anything is made, and one that nobody has is left free', async (t) => {
  const port = await freePort()
  await claimPort('127.0.0.1', port)
  const somebody = createServer().listen(port, '127.0.0.1')
  await once(somebody, 'listening')
  t.teardown(() => somebody.close())
  await t.rejects(claimPort('127.0.0.1', port), {
    constructor: ConfigError,
    message: new RegExp(`port ${port} is in use`),
  })
})
