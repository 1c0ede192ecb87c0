import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { eventually, freePort, spawnNode, temporaryFolder } from './index.ts'

test('eventually returns what the probe found at last', async (t) => {
  let tries = 0
  t.equal(await eventually(1_000, 'the third try', () => (++tries === 3 ? 'found' : undefined)), 'found')
})

test('eventually names what never came, and why the last try failed', async (t) => {
  const fails = () => Promise.reject(new Error('not yet'))
  await t.rejects(eventually(30, 'the entry', fails), { message: /30 ms in vain for the entry \(last: not yet\)/ })
})

test('eventually does not wait for a probe that hangs', async (t) => {
  await t.rejects(
    eventually(30, 'an answer', () => new Promise(() => undefined)),
    { message: /for an answer/ },
  )
})

test('eventually tells why the try before failed when the last one was cut off', async (t) => {
  let tries = 0
  const hangsAtLast = () => (++tries === 1 ? Promise.reject(new Error('3 of 4')) : new Promise(() => undefined))
  await t.rejects(eventually(30, 'all four', hangsAtLast), { message: /for all four \(last: 3 of 4\)/ })
})

test('free ports are ports', async (t) => {
  t.ok((await freePort()) > 1_023)
})

test('a temporary folder goes away with all that is in it', async (t) => {
  let folder = ''
  await t.test('inside', async (inner) => {
    folder = temporaryFolder(inner)
    mkdirSync(join(folder, 'a'))
    writeFileSync(join(folder, 'a', 'b'), '')
  })
  t.notOk(existsSync(folder))
})

function script(folder: string, text: string): string {
  const file = join(folder, 'main.ts')
  writeFileSync(file, text)
  return file
}

test('a main is ready when it says so, gets only the environment it is given, and ends in order', async (t) => {
  const main = script(
    temporaryFolder(t),
    `process.on('SIGTERM', () => { console.log('bye'); process.exit(3) })
     setInterval(() => undefined, 1_000)
     console.log('ready: ' + process.env.NAME + ', ' + process.env.npm_lifecycle_event as string)`,
  )
  const child = spawnNode(t, main, { NAME: 'x' })
  t.equal(await child.ready('ready'), 'ready: x, undefined')
  await child.stop()
  t.same(await child.ended, { code: 3, signal: null })
  t.match(child.output(), /bye/)
})

test('a main that ends early fails the wait, with its output', async (t) => {
  const child = spawnNode(t, script(temporaryFolder(t), `console.error('no config'); process.exit(1)`))
  await t.rejects(child.ready('listening'), { message: /ended before it wrote listening:\nno config/ })
})

test('a process that a signal ends releases its servers', async (t) => {
  const folder = temporaryFolder(t)
  const kit = join(import.meta.dirname, 'index.ts')
  const main = script(
    folder,
    `import { temporaryFolder } from ${JSON.stringify(kit)}
     console.log('folder ' + temporaryFolder({ teardown: () => undefined }))
     setInterval(() => undefined, 1_000)`,
  )
  const child = spawnNode(t, main)
  const made = (await child.ready('folder')).slice('folder '.length)
  t.ok(existsSync(made))
  child.kill('SIGINT')
  t.same(await child.ended, { code: 130, signal: null })
  t.notOk(existsSync(made))
})
