import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run as gatehouse } from '@gatehouse/cli'
import { eventually, temporaryFolder } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { runningHouse } from '../scenarios/running.ts'
import { commandsIn, gatehouseCommandsIn, linesOf } from './docs-commands.ts'
import { whyNot } from './manifests.ts'
import { byNginx } from './matchers.ts'

file.setTimeout(120_000)

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const OWN = 'packages/stack/src/deploy/docs-commands.test.ts'
const pages = [
  'README.md',
  'k8s/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const blocks = pages.flatMap((page) => commandsIn(page, read(page)))

test('every command of the README and the docs is run by a test, or says why not', async (t) => {
  t.ok(blocks.length > 10)
  for (const { page, text, runBy, notRun } of blocks) {
    t.ok(runBy ?? notRun, `${page}: ${text.split('\n', 1)[0]}`)
    if (runBy !== undefined) t.ok(existsSync(join(root, runBy)), `${page}: ${runBy}`)
    if (notRun !== undefined) t.ok(notRun.length > 15, `${page}: ${notRun}`)
  }
})

test('every `gatehouse …` that a page names is a command that there is', async (t) => {
  const helpOf = async (...words: readonly string[]): Promise<string> => {
    let told = ''
    const tell = (text: string): void => {
      told += text
    }
    await gatehouse([...words, '--help'], { env: {}, out: tell, err: tell, fetch })
    return told
  }
  const spoken = pages.flatMap((page) => gatehouseCommandsIn(read(page)).map((words) => ({ page, words })))
  t.ok(spoken.length > 20)
  for (const { page, words } of spoken) {
    const [command, next] = words
    const help = await helpOf(command)
    t.match(help, `Usage: gatehouse ${command} `, `${page}: ${words.join(' ')}`)
    // What stands behind one that has none below it is its argument.
    if (next === '' || !help.includes('[command]')) continue
    t.match(await helpOf(command, next), `Usage: gatehouse ${command} ${next} `, `${page}: ${words.join(' ')}`)
  }
})

/** Of a process that ends by itself, with the words that stand for a reader's own put in. */
function run(line: string, put: (text: string) => string = (text) => text): string {
  return execFileSync('bash', ['-c', put(line)], { cwd: root, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
}

test('the commands of the deployment page that need no cluster do what it says', async (t) => {
  const withoutKubectl = whyNot()
  const folder = temporaryFolder(t)
  const lines = blocks
    .filter(({ page, runBy }) => page === 'docs/deploy.md' && runBy === OWN)
    .flatMap(({ text }) => linesOf(text))
  t.equal(lines.length, 8)
  for (const line of lines) {
    if (line.startsWith('kubectl') && withoutKubectl !== undefined) {
      t.pass(line, { skip: withoutKubectl })
      continue
    }
    const printed = run(line, (text) => text.replace('.gatehouse/k8s', folder))
    if (line.includes('first-secrets')) {
      t.same(readdirSync(folder).sort(), [
        ...['audit', 'auth', 'mcp', 'migrate', 'nats', 'nats-passwords', 'postgres', 'redis', 'root'],
      ])
      t.match(readFileSync(join(folder, 'auth/database-url'), 'utf8'), /@gatehouse-rw\.gatehouse-data:5432\/gatehouse$/)
      continue
    }
    if (line.includes('orgonaut')) t.match(printed, /\*\.gatehouse\.example\.com|\^\[\^\.\]\+\\\.gatehouse/, line)
    if (line.includes('--kind nginx')) continue
    t.match(
      printed,
      line.includes('--kind gateway') ? /kind: HTTPRoute/ : line.includes('migrate') ? /kind: Job/ : /kind: Ingress/,
      line,
    )
  }
})

test('the walk of the README: who is not signed in is told where to go, a call is answered, and the audit log has it', async (t) => {
  const running = await runningHouse(t)
  const walk = blocks.filter(({ page, runBy }) => page === 'README.md' && runBy === OWN).map(({ text }) => text)
  const { demoApiKey, adminToken } = running.secrets
  const put = (text: string): string =>
    text
      .replaceAll('localhost:4000', new URL(running.publicUrl).host)
      .replaceAll('$KEY', demoApiKey)
      .replaceAll('$TOKEN', adminToken)
  const steps = linesOf(walk.join('\n').replaceAll(/'\{[\s\S]*?\}'/g, (body) => body.replaceAll('\n', ' ')))
  const [challenge, resource, server, call, events] = steps
  t.equal(steps.length, 5)
  // Asynchronously: the server that is asked is in this process.
  const { execFile } = await import('node:child_process')
  const ask = (line = 'false'): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile('bash', ['-c', put(line)], { cwd: root }, (error, out) =>
        error === null ? resolve(out) : reject(error),
      )
    })
  t.match(await ask(challenge), /resource_metadata="http/)
  t.match(JSON.parse(await ask(resource)), { resource: `${running.publicUrl}/mcp` })
  t.match(JSON.parse(await ask(server)), { issuer: running.publicUrl })
  t.match(JSON.parse(await ask(call)), { result: { structuredContent: {} } })
  await eventually(15_000, 'the call in the log', async () => (await ask(events)).includes('search.global'))
})

test('the first service of compose says where to go, and makes the balancer of the profile and its hosts', async (t) => {
  const folder = temporaryFolder(t)
  const url = 'http://localhost:4000'
  const printed = run(
    `node --import tsx packages/stack/src/first-secrets.ts --folder ${folder} --profile orgonaut --url ${url}`,
  )
  t.match(printed, /MCP endpoint +http:\/\/acme\.localhost:4000\/mcp\/orgonaut\n/)
  const config = readFileSync(join(folder, 'balancer/default.conf'), 'utf8')
  t.equal(byNginx(config, 'acme.localhost', '/mcp/orgonaut'), 'mcp')
  t.equal(byNginx(config, 'elsewhere.example', '/mcp/orgonaut'), undefined)
})
