import { execFile } from 'node:child_process'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'tap'
import { type Answered, createAnsweredLog } from './answered.ts'
import { createLogger } from './logger.ts'

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const run = promisify(execFile)

function open(level?: string) {
  const lines: string[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { log: createLogger('mcp', { destination, ...(level === undefined ? {} : { level }) }), lines }
}

const plain: Answered = { reqId: 'req-1', method: 'POST', path: '/mcp', status: 200, durationMs: 1.5 }

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the line of an answer reads as the logger itself would have written it', async (t) => {
  for (const answered of [
    plain,
    { ...plain, tenant: 'acme', client: 'https://client.example/"meta".json' },
    { ...plain, path: '/a"b\\c\u0000\u2028ü😀\ud800', client: 'line\nbreak' },
    { ...plain, method: undefined, status: 499, durationMs: 0 },
    { ...plain, traceparent: TRACE },
    { ...plain, traceparent: 'no trace' },
  ]) {
    const { log, lines } = open()
    createAnsweredLog(log)(answered)
    await turn()
    const { reqId, tenant, client, traceparent, ...rest } = answered as Answered & Record<string, unknown>
    const trace =
      traceparent === TRACE ? { trace_id: TRACE.slice(3, 35), span_id: TRACE.slice(36, 52) } : ({} as object)
    log.child({ reqId, tenant, client }).info({ ...trace, ...rest }, 'answered')
    const [own, pinos] = lines.map((line) => JSON.parse(line))
    t.match(own.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    t.strictSame({ ...own, time: '' }, { ...pinos, time: '' })
    t.match(lines[0], /^\{[^\n]*\}\n$/, 'one line')
  }
})

test('lines of one turn of the loop are written together, each a line, and also where the process ends in it', async (t) => {
  const { log, lines } = open()
  const write = createAnsweredLog(log)
  for (const status of [200, 400, 404]) write({ ...plain, status })
  t.same(lines, [])
  await turn()
  t.equal(lines.length, 1)
  t.same(
    lines[0]
      ?.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).status),
    [200, 400, 404],
  )
  const script = `
    const { createAnsweredLog, createLogger } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)})
    createAnsweredLog(createLogger('mcp'))(${JSON.stringify(plain)})
    process.exit(0)`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout } = await run(process.execPath, args, { cwd: fileURLToPath(new URL('.', import.meta.url)) })
  t.match(JSON.parse(stdout), { reqId: 'req-1', msg: 'answered' })
})

test('a line tells the time at which it was written, not that of the one before', async (t) => {
  const { log, lines } = open()
  const write = createAnsweredLog(log)
  write(plain)
  const first = Date.now()
  while (Date.now() <= first + 1) await turn()
  write(plain)
  await turn()
  const [one, two] = lines.map((line) => Date.parse(JSON.parse(line).time))
  t.ok((two ?? 0) > (one ?? 0))
})

test('nothing is written below the level of the log, also where that changes', async (t) => {
  const { log, lines } = open('warn')
  const write = createAnsweredLog(log)
  write(plain)
  await turn()
  t.same(lines, [])
  log.level = 'info'
  write(plain)
  await turn()
  t.equal(lines.length, 1)
})
