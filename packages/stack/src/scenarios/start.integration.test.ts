import { spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, freePort, temporaryFolder } from '@gatehouse/testkit'
import { t as file, type Test, test } from 'tap'
import { hostFetch } from './host-fetch.ts'
import { ask, rpc } from './wire.ts'

file.setTimeout(170_000)

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** What is promised on a machine that does nothing else. */
const WARM_SECONDS = 5

interface Started {
  readonly pid: number
  readonly output: () => string
  /** The banner, when it is there. */
  readonly ready: Promise<string>
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  interrupt(): void
}

/** `npm start` without npm: what a person runs, with nothing of this process's settings. */
function npmStart(t: Test, env: Readonly<Record<string, string>>, command: readonly string[] = ['start']): Started {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [join(root, 'scripts/run.mjs'), ...command], {
    cwd: root,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let seen: () => void = () => undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      seen()
    })
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  const ready = new Promise<string>((resolve, reject) => {
    seen = () => {
      if (output.includes('Ctrl-C ends it')) resolve(output)
    }
    void ended.then(() => reject(new Error(`ended before it was ready:\n${output}`)))
  })
  ready.catch(() => undefined)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { pid: child.pid ?? 0, output: () => output, ready, ended, interrupt: () => child.kill('SIGINT') }
}

/** How a start that is refused ends; one that is not would go on. */
async function refusal(t: Test, env: Readonly<Record<string, string>>): Promise<string> {
  const started = npmStart(t, env, ['start'])
  const unrefused = started.ready.then(
    () => started.interrupt(),
    () => undefined,
  )
  const { code } = await started.ended
  await unrefused
  t.equal(code, 1)
  const said = started.output()
  t.match(said, 'Gatehouse cannot start: ')
  t.notMatch(said, /"level"|\bat .*:\d+:\d+/, 'words, no log line, no stack')
  return said
}

/** What a command says to arguments that it does not take. */
async function wrongUse(t: Test, command: readonly string[]): Promise<string> {
  const started = npmStart(t, {}, command)
  t.equal((await started.ended).code, 2)
  t.notMatch(started.output(), /\bat .*:\d+:\d+/, 'no stack')
  return started.output()
}

const shown = (banner: string, label: string): string => new RegExp(`${label} +(\\S.*)`).exec(banner)?.[1] ?? ''
const secretsOf = (banner: string) =>
  ['Admin token', 'Demo accounts', 'Demo API key'].map((label) => shown(banner, label))

test('npm start prints its URLs and secrets, lets nobody in without one, keeps its data, and is held by one process at a time [S-SB-14]', async (t) => {
  const folder = join(temporaryFolder(t), 'kept')
  const port = await freePort()
  const env = { GATEHOUSE_FOLDER: folder, PORT: String(port) }
  const origin = `http://localhost:${port}`
  const tool = async (key: string, name: string, args: Record<string, unknown>) =>
    (await ask(`${origin}/mcp`, rpc(key, 'tools/call', { name, arguments: args }))).json()

  const first = npmStart(t, env)
  const banner = await first.ready
  const secrets = secretsOf(banner)
  const key = shown(banner, 'Demo API key')
  t.equal(shown(banner, 'MCP endpoint'), `${origin}/mcp`)
  t.equal(shown(banner, 'Pages'), `${origin}/`)
  t.ok(secrets.every((secret) => secret.length > 10))
  t.equal(statSync(join(folder, 'secrets.json')).mode & 0o777, 0o600)

  t.equal((await ask(`${origin}/mcp`, rpc('of-nobody', 'tools/list', {}))).status, 401)
  const read = await ask(`${origin}/mcp`, rpc(key, 'resources/read', { uri: 'align://projects' }))
  const { result } = read.json() as { result: { contents: { text: string }[] } }
  const { projects } = JSON.parse(result.contents[0]?.text ?? '{}') as { projects: { id: string }[] }
  const title = 'Kept over a restart by a zebra'
  const made = { projectId: projects[0]?.id ?? '', title, type: 'feedback' }
  t.match(await tool(key, 'entry.create', made), { result: { structuredContent: { title } } })

  await t.test('a second start on the folder says who holds it', async (t) => {
    const said = await refusal(t, { ...env, PORT: String(await freePort()) })
    t.match(said, String(first.pid))
    t.match(said, 'is in use by process')
    t.match(said, 'or set GATEHOUSE_FOLDER and PORT to others')
  })

  await t.test('one with another profile says whose data it is', async (t) => {
    const said = await refusal(t, { ...env, PORT: String(await freePort()), GATEHOUSE_PROFILE: 'azalt' })
    t.match(
      said,
      `holds the data of the profile align; give azalt a folder of its own: GATEHOUSE_FOLDER=${folder}/azalt`,
    )
  })

  await t.test('a mail that nobody sends is shown in the terminal, with its link', async () => {
    const forgot = `${origin}/sign-in/forgot-password`
    const page = await fetch(forgot)
    const cookie = page.headers
      .getSetCookie()
      .map((each) => each.split(';', 1)[0])
      .join('; ')
    const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? ''
    await fetch(forgot, {
      method: 'POST',
      headers: { cookie, origin },
      body: new URLSearchParams({ csrf, email: 'member@acme.test' }),
    })
    await eventually(10_000, 'the letter', () => first.output().includes(`│ ${origin}/sign-in/new-password?link=`))
  })

  first.interrupt()
  t.strictSame(await first.ended, { code: 0, signal: null }, 'Ctrl-C is a clean end')

  const second = npmStart(t, env)
  const again = await second.ready
  t.strictSame(secretsOf(again), secrets, 'the same secrets')
  const seconds = Number(/ready in ([\d.]+) s/.exec(again)?.[1])
  t.ok(seconds > 0)
  const own = seconds - waited(second.pid)
  const allowed = WARM_SECONDS * slowness()
  t.ok(
    own <= allowed,
    `warm in ${seconds} s, ${own} s without waiting for a core; ${WARM_SECONDS} s where nothing else runs`,
  )
  t.match(JSON.stringify(await tool(key, 'search.global', { q: 'zebra' })), title)
  second.interrupt()
  t.strictSame(await second.ended, { code: 0, signal: null })
})

test('a profile where each organisation has a host prints their addresses, and answers there', async (t) => {
  const port = await freePort()
  const folder = join(temporaryFolder(t), 'orgonaut')
  const started = npmStart(t, { GATEHOUSE_PROFILE: 'orgonaut', GATEHOUSE_FOLDER: folder, PORT: String(port) })
  const banner = await started.ready
  t.equal(shown(banner, 'MCP endpoint'), `http://acme.localhost:${port}/mcp/orgonaut`)
  t.match(banner, '127.0.0.1 acme.localhost globex.localhost initech.localhost')
  const metadata = await hostFetch(`http://acme.localhost:${port}/.well-known/oauth-protected-resource/mcp/orgonaut`)
  t.match(await metadata.json(), { resource: `http://acme.localhost:${port}/mcp/orgonaut` })
  started.interrupt()
  t.strictSame(await started.ended, { code: 0, signal: null })
})

test('a start that cannot be says why in words: the port, the profile, production without real parts', async (t) => {
  const folder = temporaryFolder(t)
  const somebody = createServer()
  const port = await new Promise<number>((resolve) => {
    somebody.listen(0, '127.0.0.1', () => resolve((somebody.address() as { port: number }).port))
  })
  t.teardown(() => somebody.close())
  const env = (name: string) => ({ GATEHOUSE_FOLDER: join(folder, name), PORT: String(port) })
  const [inUse, profile, production] = await Promise.all([
    refusal(t, env('port')),
    refusal(t, { ...env('profile'), GATEHOUSE_PROFILE: 'nobody' }),
    refusal(t, { ...env('production'), NODE_ENV: 'production' }),
  ])
  t.match(inUse, new RegExp(`in use.*${port}|${port}.*in use`))
  t.match(profile, /profile nobody .*\n.*there are: .*align/)
  t.match(production, /DATABASE_URL, REDIS_URL and NATS_URL.*GATEHOUSE_ALLOW_EMBEDDED=1/)
})

test('an address, a folder and a database that cannot be had are told in words, and so is a wrong size of the cluster', async (t) => {
  const folder = temporaryFolder(t)
  const port = String(await freePort())
  writeFileSync(join(folder, 'file'), '')
  const env = (name: string) => ({ GATEHOUSE_FOLDER: join(folder, name), PORT: port })
  // 192.0.2.0/24 is nobody's (RFC 5737).
  t.match(await refusal(t, { ...env('address'), HOST: '192.0.2.1' }), '192.0.2.1')
  t.match(await refusal(t, env('file')), join(folder, 'file'))
  const nobody = `postgres://gatehouse:not-to-be-told@localhost:${await freePort()}/gatehouse`
  const database = await refusal(t, { ...env('database'), DATABASE_URL: nobody })
  t.match(database, /database cannot answer: connect ECONNREFUSED/)
  t.notMatch(database, 'not-to-be-told')
  t.match(await wrongUse(t, ['cluster', '--nodes', '17']), '--nodes: must be a whole number from 1 to 16')
  t.match(await wrongUse(t, ['cluster', '--node', '2']), "Unknown option '--node'")
  t.match(await wrongUse(t, ['start', '--port', '4300']), /Unknown option '--port'\s+usage: .*npm start/)
  t.match(await refusal(t, { PORT: 'abc' }), 'PORT: must be a whole number from 0 to 65535')
})

/** How much slower than alone this machine is now: processes that want to run for each core, at least 1. The average of a minute. */
function slowness(): number {
  return Math.max(1, (loadavg()[0] ?? 0) / availableParallelism())
}

/** Seconds for which the first thread of a process could have run and others did, which the average learns of too late; 0 where nobody tells. */
function waited(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e9
  } catch {
    return 0
  }
}
