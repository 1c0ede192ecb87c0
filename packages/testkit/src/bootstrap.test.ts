import { execFile, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import { eventually, temporaryFolder } from './index.ts'

const run = promisify(execFile)
const scripts = join(import.meta.dirname, '../../../scripts')
const script = (name: string) => JSON.stringify(pathToFileURL(join(scripts, name)).href)

/** How a command failed: its code and what it wrote. */
const failure = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => 'it did not fail',
    (error) => error,
  )

/** A repository with a lock file, and a pnpm on the PATH that only counts how often it installs. */
function repository(t: Test, pnpm = 'sleep 0.2; mkdir -p node_modules; echo x >> installs') {
  const root = temporaryFolder(t)
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'one')
  const text = `#!/bin/sh\nif [ "$1" = --version ]; then echo 12.0.1; exit; fi\n[ "$*" = "install --frozen-lockfile" ] || exit 9\n${pnpm}\n`
  writeFileSync(join(root, 'bin', 'pnpm'), text)
  chmodSync(join(root, 'bin', 'pnpm'), 0o755)
  const main = `import { ensureInstalled } from ${script('install.mjs')}; await ensureInstalled(${JSON.stringify(root)}, 'pnpm@12.3.4')`
  const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, TMPDIR: root }
  const install = () => run(process.execPath, ['--input-type=module', '-e', main], { env })
  const installs = () => readFileSync(join(root, 'installs'), 'utf8').split('\n').length - 1
  return { root, install, installs }
}

test('dependencies are installed once for a lock file, also by two at once, and again when it changes', async (t) => {
  const { root, install, installs } = repository(t)
  const [one, two] = await Promise.all([install(), install()])
  t.equal(installs(), 1)
  t.match(`${one.stderr}${two.stderr}`, /installing dependencies with pnpm … done in [\d.]+ s/)
  t.equal((await install()).stderr, '')
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'two')
  await install()
  t.equal(installs(), 2)
})

test('an installation that fails shows what was said and is tried again', async (t) => {
  const { root, install, installs } = repository(t, 'echo no such package; echo x >> installs; exit 1')
  t.match(await failure(install()), { stderr: /no such package[\s\S]*pnpm install --frozen-lockfile` ended with 1/ })
  await t.rejects(install())
  t.equal(installs(), 2)
  t.notOk(existsSync(join(root, 'node_modules')))
})

test('a lock whose holder was killed is taken over', async (t) => {
  const { root, install, installs } = repository(t, 'ls "$TMPDIR" > listed; mkdir -p node_modules; echo x >> installs')
  await install()
  const lock = readFileSync(join(root, 'listed'), 'utf8').match(/gatehouse-install-.*\.lock/)?.[0] ?? ''
  const ended = spawn('true')
  await new Promise((resolve) => ended.once('exit', resolve))
  writeFileSync(join(root, lock), `${ended.pid}`)
  writeFileSync(join(root, 'pnpm-lock.yaml'), 'two')
  await install()
  t.equal(installs(), 2)
})

test('an old Node is told which one is needed, an unknown command what there is', async (t) => {
  const start = (...args: string[]) => run(process.execPath, [...args, join(scripts, 'run.mjs'), 'fly'])
  const old = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.18.3'})"
  t.match(await failure(run(process.execPath, ['--import', old, join(scripts, 'run.mjs'), 'start'])), {
    code: 1,
    stderr: /needs Node 20\.19 or newer; this is 20\.18\.3/,
  })
  t.match(await failure(start()), { code: 1, stderr: /usage: .*start\|cluster/ })
})

/** A main that needs 300 ms for an orderly end. */
function guarded(t: Test, listen: string) {
  const main = `import { guardSignals } from ${script('signals.mjs')}; guardSignals(); ${listen}
    setInterval(() => undefined, 1_000); console.log('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', main], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  return { child, ended, said: (text: string) => eventually(5_000, text, () => output.includes(text)) }
}

test('an interruption that arrives twice does not cut an orderly end short', async (t) => {
  const listen = `process.once('SIGINT', () => { console.log('ending'); setTimeout(() => process.exit(7), 300) })`
  const { child, ended, said } = guarded(t, listen)
  await said('ready')
  child.kill('SIGINT')
  await said('ending')
  child.kill('SIGINT')
  t.same(await ended, { code: 7, signal: null })
})

test('a main that does not listen is ended by a signal as ever', async (t) => {
  const { child, ended, said } = guarded(t, '')
  await said('ready')
  child.kill('SIGTERM')
  t.same(await ended, { code: null, signal: 'SIGTERM' })
})

test('what npm runs ends in order when npm is killed', async (t) => {
  const folder = temporaryFolder(t)
  const main = join(folder, 'main.mjs')
  const file = (name: string) => JSON.stringify(join(folder, name))
  writeFileSync(
    main,
    `import { writeFileSync } from 'node:fs'; import { endWithNpm } from ${script('signals.mjs')}
     endWithNpm()
     process.once('SIGTERM', () => { writeFileSync(${file('ended')}, ''); process.exit() })
     setInterval(() => undefined, 1_000); writeFileSync(${file('ready')}, '')`,
  )
  const env = { ...process.env, npm_lifecycle_event: 'start' }
  const npm = spawn('sh', ['-c', `"${process.execPath}" "${main}"; true`], { env, stdio: 'ignore' })
  await eventually(5_000, 'the main', () => existsSync(join(folder, 'ready')))
  npm.kill('SIGKILL')
  await eventually(5_000, 'its end', () => existsSync(join(folder, 'ended')))
})
