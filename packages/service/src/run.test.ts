import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'

const MAIN = fileURLToPath(new URL('./ending.main.ts', import.meta.url))

/** How a service has ended that was told how to, by a signal once it runs where it does not end by itself. */
async function ended(how: string, signal?: NodeJS.Signals) {
  const child = spawn(process.execPath, [...process.execArgv, MAIN, how], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
    if (signal !== undefined && said.includes('running\n') && !child.killed) child.kill(signal)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said }
}

const CLOSED = /closed what was opened last\n(.*\n)*closed what was opened first\n/

test('a service ends with 0 when all was closed, last in, first out, whichever signal ends it', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { code, said } = await ended('in order', signal)
    t.equal(code, 0, signal)
    t.match(said, CLOSED)
  }
})

test('a service that leaves something behind ends with 2, says what, and closes the rest all the same', async (t) => {
  const { code, said } = await ended('leaves something behind', 'SIGTERM')
  t.equal(code, 2)
  t.match(said, /left behind: audit events that were not recorded/)
  t.match(said, CLOSED)
})

test('a service that cannot close in time ends with 2', async (t) => {
  const { code, said } = await ended('closes for ever', 'SIGTERM')
  t.equal(code, 2)
  t.match(said, /could not close in time/)
})

test('a service that cannot start, or crashes, ends with 1 and says why, once it has closed what was open', async (t) => {
  for (const [how, why] of [
    ['cannot start', /the port is taken/],
    ['throws', /nobody catches this/],
    ['rejects', /nobody waits for this/],
  ] as const) {
    const { code, said } = await ended(how)
    t.equal(code, 1, how)
    t.match(said, why)
    t.match(said, /closed what was opened first/)
  }
})
