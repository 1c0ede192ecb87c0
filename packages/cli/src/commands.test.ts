import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@gatehouse/testkit'
import type { Command } from 'commander'
import Fastify from 'fastify'
import { t as file, test } from 'tap'
import { commandsOf, EXAMPLES } from './examples.ts'
import { EXIT } from './failure.ts'
import { createProgram, run } from './run.ts'

const NOWHERE = { env: {}, fetch: globalThis.fetch, out: () => undefined, err: () => undefined }
const COMMANDS = [...commandsOf(createProgram(NOWHERE))]

const free = Fastify()
const AWAY = await free.listen({ host: '127.0.0.1', port: 0 })
await free.close()
/** Answers everything in the same way. */
const answering = async (status: number, body: unknown): Promise<string> => {
  const server = Fastify()
  server.setNotFoundHandler((_request, reply) => reply.code(status).send(body))
  file.teardown(() => server.close())
  return server.listen({ host: '127.0.0.1', port: 0 })
}
const REFUSING = await answering(401, {
  error: 'invalid_token',
  error_description: 'Wrong token.',
  request_id: 'r1',
})
const NOBODY_BEHIND = await answering(503, 'no such backend')
const folder = temporaryFolder(file)
const OUT = join(folder, 'export.csv')

interface Ran {
  readonly code: number
  readonly out: readonly string[]
  readonly err: readonly string[]
  /** Whether the server was asked anything. */
  readonly asked: boolean
}

async function gatehouse(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []]
  let asked = false
  const code = await run(args, {
    env: { GATEHOUSE_ADMIN_TOKEN: 'operator-token', GATEHOUSE_URL: AWAY, CORP_SECRET: 's', ...env },
    fetch: (...asking) => {
      asked = true
      return globalThis.fetch(...asking)
    },
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  })
  return { code, out, err, asked }
}

/** The words of a line as a shell takes them. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

/** The example of a command, with nothing written beside the test. */
const exampleOf = (name: string): string[] => wordsOf((EXAMPLES[name] ?? '').replace('acme.csv', OUT))

const needsMore = (command: Command): boolean =>
  command.registeredArguments.some(({ required }) => required) || command.options.some(({ mandatory }) => mandatory)

/** One line of JSON, as an object. */
const objectIn = (lines: readonly string[]): Record<string, unknown> => JSON.parse(lines.join('\n'))

test('every command has an example, and no example is of one that is gone', async (t) => {
  t.same(Object.keys(EXAMPLES).sort(), COMMANDS.map(([name]) => name).sort())
  t.ok(COMMANDS.length > 50)
})

for (const [name, command] of COMMANDS) {
  const words = name.split(' ')

  test(`${name} --help says what it does, what it takes, and how it looks, and asks nobody`, async (t) => {
    const { code, out, err, asked } = await gatehouse([...words, '--help'], { GATEHOUSE_ADMIN_TOKEN: '' })
    t.same([code, err, asked], [EXIT.ok, [], false])
    const help = out.join('\n')
    const flat = help.replace(/\s+/g, ' ')
    t.match(help, `Usage: gatehouse ${name}`)
    t.match(help, `Example:\n  gatehouse ${EXAMPLES[name]}`)
    t.ok(command.description().length > 10, 'what it does')
    for (const argument of command.registeredArguments) {
      t.ok(argument.description.length > 1, `${argument.name()} is described`)
      t.ok(flat.includes(argument.description), argument.name())
    }
    for (const { flags, description } of command.options) {
      t.ok(description.length > 5, `${flags} is described`)
      t.ok(help.includes(flags), flags)
    }
    for (const shared of ['--url', '--token', '--json']) t.match(help, shared)
  })

  test(`${name}: wrong use ends with 2, says so, asks nobody, and for machines in JSON`, async (t) => {
    const wrong: [why: string, args: string[], env?: Record<string, string>][] = [
      ['an option that there is not', [...words, '--no-such-option']],
      ['more words than it takes', [...exampleOf(name), 'one', 'too', 'many', 'words']],
      ['no token', exampleOf(name), { GATEHOUSE_ADMIN_TOKEN: '' }],
      ['an address that is none', [...exampleOf(name), '--url', 'here']],
    ]
    if (needsMore(command)) wrong.push(['nothing of what it needs', words])
    for (const [why, args, env] of wrong) {
      const told = await gatehouse(args, env)
      t.same([told.code, told.out, told.asked], [EXIT.usage, [], false], why)
      t.match(told.err.join('\n'), /--help|--url|--token/, `${why}: what to do`)
      const coded = await gatehouse(['--json', ...args], env)
      t.same([coded.code, coded.out, coded.asked], [EXIT.usage, [], false], why)
      t.match(objectIn(coded.err), { error: { code: 'usage', message: /^[^\n]+$/ } }, why)
    }
  })

  test(`${name}: a server that is away, or is no Gatehouse, ends with 3, and leaves nothing behind`, async (t) => {
    for (const url of [AWAY, NOBODY_BEHIND]) {
      const told = await gatehouse([...exampleOf(name), '--url', url])
      t.equal(told.code, EXIT.unreachable, told.err.join('\n'))
      t.match(told.err.at(-1), /^gatehouse: [^\n]*(--url|try again)/)
      const { code, out, err } = await gatehouse([...exampleOf(name), '--url', url, '--json'])
      t.equal(code, EXIT.unreachable)
      t.match(objectIn(err.slice(-1)), { error: { code: 'unreachable', message: /^[^\n]+$/ } })
      // Of what is away a doctor tells.
      if (name !== 'doctor') t.same(out, [])
    }
    t.notOk(existsSync(OUT))
  })

  test(`${name}: a refusal ends with 1, in the words and the code of the server`, async (t) => {
    const told = await gatehouse([...exampleOf(name), '--url', REFUSING])
    t.same([told.code, told.out, told.err.length], [EXIT.refused, [], 1])
    t.match(told.err[0], /^gatehouse: the server refused: Wrong token; give the GATEHOUSE_ADMIN_TOKEN/)
    const { code, out, err } = await gatehouse(['--json', ...exampleOf(name), '--url', REFUSING])
    t.same([code, out], [EXIT.refused, []])
    t.match(objectIn(err), { error: { code: 'refused', status: 401, reason: 'invalid_token', requestId: 'r1' } })
  })
}

test('a group of commands alone, or a word that is none, ends with 2 and names what there is', async (t) => {
  const groups = createProgram(NOWHERE).commands.filter(({ commands }) => commands.length > 0)
  t.ok(groups.length > 10)
  for (const group of groups) {
    t.ok(group.description().length > 10, `${group.name()} is described`)
    const { code, err } = await gatehouse([group.name()])
    t.equal(code, EXIT.usage)
    for (const { name } of group.commands.map((one) => ({ name: one.name() }))) t.match(err.join('\n'), name)
    const unknown = await gatehouse([group.name(), 'no-such-word'])
    t.equal(unknown.code, EXIT.usage)
    t.match(unknown.err.join('\n'), /no-such-word/)
    t.match(objectIn((await gatehouse(['--json', group.name()])).err), { error: { code: 'usage', message: /--help/ } })
  }
})

test('what was interrupted ends with 130, and says nothing to people', async (t) => {
  const interrupt = new AbortController()
  const err: string[] = []
  const io = {
    env: { GATEHOUSE_ADMIN_TOKEN: 'x', GATEHOUSE_URL: 'http://127.0.0.1' },
    fetch: async () => {
      interrupt.abort()
      throw new DOMException('aborted', 'AbortError')
    },
    out: () => undefined,
    err: (text: string) => void err.push(text),
    signal: interrupt.signal,
  }
  t.equal(await run(['tenants', 'list'], io), EXIT.interrupted)
  t.same(err, [])
  t.equal(await run(['tenants', 'list', '--json'], io), EXIT.interrupted)
  t.match(objectIn(err), { error: { code: 'interrupted' } })
})
