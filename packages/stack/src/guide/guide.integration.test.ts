import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { loadProfile } from '@gatehouse/profiles'
import { eventually, freePort, type NodeProcess, spawnNode, temporaryFolder } from '@gatehouse/testkit'
import { t as file, type Test, test } from 'tap'
import { commandsIn } from '../deploy/docs-commands.ts'
import { modernClient, type OfficialClient } from '../scenarios/clients.ts'
import { authorizeInPages } from '../scenarios/person.ts'
import { CALLBACK } from '../scenarios/running.ts'
import { filesIn } from './page.ts'

file.setTimeout(170_000)

const root = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '')
const page = readFileSync(join(root, 'docs/guide.md'), 'utf8')
const OWN = 'packages/stack/src/guide/guide.integration.test.ts'
const START_MS = 120_000

/** A reader of the page, with an empty folder and ports of their own. */
async function reader(t: Test) {
  const folder = temporaryFolder(t)
  const [gatehouse, api] = [await freePort(), await freePort()]
  const put = (text: string): string =>
    text
      .replaceAll('../helpdesk', folder)
      .replaceAll('../gatehouse', root)
      .replaceAll('4100', String(gatehouse))
      .replaceAll('4200', String(api))
  for (const { path, text } of filesIn(page)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), put(text))
  }
  link(folder)
  const commands = commandsIn('docs/guide.md', page).filter(({ runBy }) => runBy === OWN)
  return {
    commands: commands.map(({ text }) => put(text)),
    origin: `http://localhost:${gatehouse}`,
    profile: () => loadProfile(join(folder, 'profile.yaml')),
  }
}

/** What `pnpm install` makes of `link:`. */
function link(folder: string): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  for (const [name, target] of Object.entries<string>({ ...manifest.dependencies, ...manifest.devDependencies })) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(target.replace('link:', ''), place)
  }
  mkdirSync(join(folder, 'node_modules/.bin'))
  symlinkSync(join(root, 'node_modules/.bin/tsc'), join(folder, 'node_modules/.bin/tsc'))
}

const { PATH = '', HOME = '' } = process.env

async function run(command: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const options = { cwd: root, env: { PATH, HOME, TAP: '1', ...env }, maxBuffer: 16 * 1024 * 1024 }
  const { stdout } = await promisify(execFile)('bash', ['-ec', command], options)
  return stdout
}

/** A command that goes on until it is stopped: its variables, and the main that it starts. */
function begin(t: Test, command: string): NodeProcess {
  const env = Object.fromEntries([...command.matchAll(/\b([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]))
  const [folder = ''] = /(?<=^cd )\S+/.exec(command) ?? []
  const script = /src\/[\w-]+\.ts/.exec(command)?.[0]
  if (script !== undefined) return spawnNode(t, join(folder, script), env)
  return spawnNode(t, join(folder, 'scripts/run.mjs'), env, ['start'])
}

const shown = (banner: string, label: string): string => new RegExp(`${label} +(\\S.*)`).exec(banner)?.[1] ?? ''

async function start(t: Test, command: string) {
  const started = begin(t, command)
  await started.ready('Ctrl-C ends it', START_MS)
  const banner = started.output()
  const password = /password (\S+)/.exec(banner)?.[1] ?? ''
  return { started, password, adminToken: shown(banner, 'Admin token') }
}

async function connected(t: Test, origin: string, password: string, email: string): Promise<OfficialClient> {
  const client = modernClient(`${origin}/mcp`, CALLBACK)
  t.teardown(() => client.close())
  await client.connect(await authorizeInPages(await client.connectAsStranger(), CALLBACK, { email, password }))
  return client
}

/** A ticket that one client opens is heard of by another of its organisation, and is there for no other organisation. */
async function opensTickets(t: Test, origin: string, password: string, title: string): Promise<OfficialClient> {
  const client = await connected(t, origin, password, 'member@acme.test')
  t.same(await client.tools(), ['ticket.open'])
  const heard: string[] = []
  const listening = await client.listen?.(['helpdesk://tickets'], (uri) => heard.push(uri))
  const made = await client.call('ticket.open', { title })
  t.match(made, { isError: false, structured: { title, id: /./, openedBy: /./ } })
  await eventually(15_000, 'the notification', async () => heard.includes('helpdesk://tickets'))
  await listening?.close()
  t.match(await client.read('helpdesk://tickets'), { tickets: [{ title }] })
  const other = await connected(t, origin, password, 'member@globex.test')
  t.same(await other.read('helpdesk://tickets'), { tickets: [] })
  return client
}

test('the guide, followed from an empty folder: a product on PostgreSQL, then behind its own HTTP API', async (t) => {
  const { commands, origin } = await reader(t)
  const [outbox, testA, startA, testB, register, change, serve, startB, ...more] = commands as [string, ...string[]]
  t.same(more, [])

  await run(outbox)
  t.match(await run(testA ?? ''), /ok 1 - a ticket is there/)
  const a = await start(t, startA ?? '')
  await opensTickets(t, origin, a.password, 'The lift is stuck')
  const viewer = await connected(t, origin, a.password, 'viewer@acme.test')
  t.match(await viewer.call('ticket.open', { title: 'x' }), { isError: true })

  t.match(await run(testB ?? ''), /ok 1 - the API is asked for one organisation/)
  const registered = await run((register ?? '').replace('admin_…', a.adminToken))
  const [, clientId = ''] = /^Client (\S+) is registered/.exec(registered) ?? []
  t.ok(clientId, registered)
  await a.started.stop()
  await run(change ?? '')
  const api = begin(t, serve ?? '')
  await api.ready('the helpdesk listens')
  const b = await start(t, (startB ?? '').replace('cli_…', clientId))
  const client = await opensTickets(t, origin, b.password, 'The door is open')

  await api.stop()
  const refused = await client.call('ticket.open', { title: 'Nobody is there' })
  t.match(refused, { isError: true, structured: { text: /nothing was changed/ } })
})

test('a block that nobody would try is found', async (t) => {
  t.same(filesIn('`a.ts`: text\n\n```ts\n1\n```\n\n```sh\nls\n```\n'), [{ path: 'a.ts', text: '1\n' }])
  t.throws(() => filesIn('Look:\n\n```ts\n1\n```\n'), /1 blocks of the page have no name/)
})
