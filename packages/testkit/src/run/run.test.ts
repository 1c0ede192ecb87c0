import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { eventually } from '../eventually.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { runCommand } from './command.ts'
import { describeFailures, namesOf, readFailures } from './failures.ts'
import { findTests } from './find-tests.ts'
import { leftoverFiles, leftoverProcesses } from './leftovers.ts'
import { readOptions } from './options.ts'
import { withoutServiceStarts } from './policy.ts'
import { lastLine, tally } from './tally.ts'

const never = new AbortController().signal

test('a file counts by its closing line; to do counts as skipped', async (t) => {
  const tap = '    # { total: 9, pass: 9 }\n# { total: 6, pass: 2, fail: 1, todo: 1, skip: 2 }\n# time=1ms\n'
  t.same(tally(tap, false), { passed: 2, failed: 1, skipped: 3 })
})

test('a file that ends badly, says nothing or asserts nothing has failed', async (t) => {
  t.equal(tally('# { total: 2, pass: 2 }\n', false).failed, 1)
  t.equal(tally('', true).failed, 1)
  t.equal(tally('1..0\n', true).failed, 1)
  t.equal(tally('# { total: 2, pass: 2 }\n', true).failed, 0)
})

test('of a file that failed its failures are told, first by name, then with their diagnostics; of one that crashed its last words', async (t) => {
  const told = (...lines: readonly string[]) => describeFailures(readFailures(lines.join('\n')))
  const diagnostics = ['      ---', '      diff: |', '        -1', '        +2', '      ...']
  const noise = [
    '{"level":30}',
    'TAP version 14',
    '# Subtest: a promise',
    '    ok 1 - fine',
    '    ok 2 - not ok 3 - odd',
  ]
  const failing = [
    '    not ok 3 - should be equal',
    ...diagnostics,
    'not ok 1 - a promise # time=2ms',
    '  ---',
    '  ...',
  ]
  t.equal(
    told(...noise, ...failing, 'not ok 2 - later # TODO', '# { total: 2, pass: 1, fail: 1 }', ''),
    [
      'failed:',
      '  a promise › should be equal',
      '',
      'a promise › should be equal',
      '  diff: |',
      '    -1',
      '    +2',
    ].join('\n'),
  )
  t.equal(told('ok 1 - fine', '', 'Error: no such thing', ''), '\nits last words:\nok 1 - fine\nError: no such thing')
  const long = ['  ---', ...Array.from({ length: 200 }, () => `  x: ${'y'.repeat(500)}`), '  ...']
  const many = told(...Array.from({ length: 100 }, (_, at) => [`not ok ${at + 1} - test ${at}`, ...long]).flat())
  t.ok(many.length < 6_000)
  t.match(many, '  test 19\n  … and 80 of them more\n')
})

test('of files in one process those are told that hung, failed, or were not begun, before anything else', async (t) => {
  const folder = temporaryFolder(t)
  const file = (name: string, body: string): string => {
    const path = join(folder, name)
    writeFileSync(path, `import t from '${import.meta.resolve('tap')}'\n${body}`)
    return path
  }
  const good = file('good.mjs', `t.test('good', async (t) => t.pass('done'))`)
  const bad = file('bad.mjs', `t.test('bad', async (t) => t.equal(1, 2, 'alike'))`)
  const hangs = file('hangs.mjs', `t.test('hangs', (t) => t.test('inside', () => new Promise(() => {})))`)
  const files = [good, bad, hangs]
  const batch = ['--import', import.meta.resolve('tsx'), join(import.meta.dirname, 'batch.ts'), ...files]
  const { output, ok } = await runCommand(process.execPath, batch, { cwd: '/', env: process.env, interrupted: never })
  t.equal(ok, false)
  const failures = readFailures(output, files)
  const [head, details = ''] = describeFailures(failures).split('\n\n')
  t.equal(head, `did not finish:\n  ${hangs} › hangs › inside\nfailed:\n  ${bad} › bad › alike`)
  t.match(details, 'diff')
  t.strictSame(namesOf(failures), [`did not finish: ${hangs} › hangs › inside`, `${bad} › bad › alike`])
  // As a batch that was killed leaves it.
  const cut = readFailures(output.slice(0, output.indexOf('        not ok')), [...files, 'never.mjs'])
  t.strictSame(cut.unfinished, [[hangs, 'hangs', 'inside']])
  t.strictSame(cut.notBegun, ['never.mjs'])
})

test('of a test that was ended by its time limit the name is told, and nothing of what was open in the process', async (t) => {
  const open = Array.from({ length: 500 }, () => ['        - type: Server', '          connectionKey: 6::::0']).flat()
  const lines = [
    '# Subtest: waits',
    '    not ok 1 - timeout!',
    '      ---',
    '      signal: null',
    '      handles:',
    ...open,
    '      expired: TAP',
    '      ...',
    '    ',
    '    not ok 2 - late',
    '      ---',
    '      requests:',
    ...open,
    '      found: nothing',
    '      ...',
    '    1..2',
    'not ok 1 - waits # time=170000.0ms',
  ]
  t.equal(
    describeFailures(readFailures(lines.join('\n'))),
    'did not finish:\n  waits\nfailed:\n  waits › late\n\nwaits › late\n  found: nothing',
  )
})

test('of files in one process the one that declares no test has failed, and no other', async (t) => {
  const folder = temporaryFolder(t)
  const files = Array.from({ length: 8 }, (_, at) => join(folder, `${at}.mjs`))
  const declares = `import t from '${import.meta.resolve('tap')}'\nt.test('quick', async (t) => t.pass('done'))`
  for (const file of files) writeFileSync(file, file.endsWith('5.mjs') ? '' : declares)
  const batch = ['--import', import.meta.resolve('tsx'), join(import.meta.dirname, 'batch.ts'), ...files]
  const { ok, output } = await runCommand(process.execPath, batch, { cwd: '/', env: process.env, interrupted: never })
  t.equal(ok, false)
  t.match(describeFailures(readFailures(output)), `${files[5]} declares no test`)
  // Seven tests, and eight files that were loaded.
  t.match(tally(output, ok), { passed: 15, failed: 1 })
})

test('the last line names what was skipped only where something was', async (t) => {
  t.equal(lastLine({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed')
  t.equal(lastLine({ passed: 3, failed: 1, skipped: 2 }), '3 passed, 1 failed, 2 skipped')
})

test('options are files, --quick, or refused', async (t) => {
  t.same(readOptions(['/x/a/b.test.ts'], '/x'), { quick: false, files: ['a/b.test.ts'] })
  t.same(readOptions(['--', '--quick'], '/x'), { quick: true, files: [] })
  for (const args of [['--slow'], ['a/b.ts'], ['--quick', 'b.test.ts']]) t.throws(() => readOptions(args, '/x'))
})

test('--quick leaves out the integration tests; a named file must be there', async (t) => {
  const root = temporaryFolder(t)
  for (const folder of ['services/a', 'packages/b', 'packages/b/node_modules']) {
    mkdirSync(join(root, folder), { recursive: true })
    writeFileSync(join(root, folder, 'x.test.ts'), '')
  }
  writeFileSync(join(root, 'services/a/y.integration.test.ts'), '')
  const embedded = ['packages/b/x.test.ts', 'services/a/x.test.ts']
  t.same(findTests(root, { quick: true, files: [] }), embedded)
  t.same(findTests(root, { quick: false, files: [] }), ['services/a/y.integration.test.ts', ...embedded])
  t.throws(() => findTests(root, { quick: false, files: ['services/a/z.test.ts'] }), { message: /z\.test\.ts/ })
})

test('a command that takes too long is ended with its children, and has failed', async (t) => {
  const options = { cwd: '/', env: process.env, interrupted: never, deadlineMs: 200 }
  const outcome = await runCommand('sh', ['-c', 'sleep 60 & echo $!; wait'], options)
  t.match(outcome, { ok: false, how: 'took longer than 200 ms' })
  t.throws(() => process.kill(Number(outcome.output), 0) && readFileSync(`/proc/${outcome.output.trim()}/cwd`))
})

test('an interruption ends the command, and none is begun after it', async (t) => {
  const interruption = new AbortController()
  const options = { cwd: '/', env: process.env, interrupted: interruption.signal }
  const running = runCommand('sleep', ['60'], options)
  interruption.abort()
  t.match(await running, { ok: false, how: 'interrupted' })
  t.match(await runCommand('sleep', ['60'], options), { ok: false, how: 'interrupted' })
})

test('a process and a file that stay behind are found', async (t) => {
  const folder = temporaryFolder(t)
  const outside = temporaryFolder(t)
  const start = (cwd: string, env: NodeJS.ProcessEnv) => {
    const child = spawn('sleep', ['60'], { cwd, env, stdio: 'ignore' })
    t.teardown(() => child.kill('SIGKILL'))
    return child.pid
  }
  const known = [
    start(outside, { ...process.env, GATEHOUSE_TEST_RUN: 'run-of-this-test' }),
    start(folder, { PATH: process.env.PATH }),
  ]
  start(outside, { PATH: process.env.PATH })
  const found = () => leftoverProcesses('run-of-this-test', folder).map(({ pid }) => pid)
  await eventually(2_000, 'both to be found', () => found().length === 2)
  t.strictSame(found().sort(), known.sort())
  mkdirSync(join(folder, 'tsx-0'))
  writeFileSync(join(folder, 'forgotten'), '')
  t.strictSame(leftoverFiles(folder), ['forgotten'])
})

test('packages cannot start services during the work, and a policy of the machine is put back', async (t) => {
  const file = join(temporaryFolder(t), 'policy-rc.d')
  writeFileSync(file, 'mine', { mode: 0o744 })
  const during = () => runCommand(file, [], { cwd: '/', env: process.env, interrupted: never })
  t.match(await withoutServiceStarts(during, file), { how: 'ended with 101' })
  t.equal(readFileSync(file, 'utf8'), 'mine')
  t.equal(statSync(file).mode & 0o777, 0o744)
})

test('a policy is put back after a failure, and after a run that was killed', async (t) => {
  const file = join(temporaryFolder(t), 'policy-rc.d')
  await t.rejects(
    withoutServiceStarts(() => Promise.reject(new Error('no')), file),
    { message: 'no' },
  )
  t.notOk(existsSync(file))
  writeFileSync(`${file}.kept-by-gatehouse`, 'mine')
  writeFileSync(file, 'left by the killed run')
  await withoutServiceStarts(async () => undefined, file)
  t.equal(readFileSync(file, 'utf8'), 'mine')
})

test('what a run tries at random it tries again in the next one, unless it is told otherwise', async (t) => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'tries.mjs')
  writeFileSync(
    path,
    `import fc from '${import.meta.resolve('fast-check')}'\nconsole.log(fc.sample(fc.nat(), 5).join())`,
  )
  const seed = join(import.meta.dirname, 'seed.ts')
  const command = ['--import', import.meta.resolve('tsx'), '--import', seed, path]
  const tried = async (given: string | undefined): Promise<string> => {
    const env = { ...process.env, GATEHOUSE_SEED: given }
    const { output, ok } = await runCommand(process.execPath, command, { cwd: '/', env, interrupted: never })
    t.ok(ok, output)
    return output
  }
  const usual = await tried(undefined)
  t.equal(await tried(undefined), usual)
  t.not(await tried('7'), usual)
  t.not(await tried('random'), usual)
})
