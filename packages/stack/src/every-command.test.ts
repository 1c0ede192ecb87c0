import { join } from 'node:path'
import { commandsOf, createProgram, EXAMPLES, run } from '@gatehouse/cli'
import { eventually, temporaryFolder } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { connectClient, runningHouse } from './scenarios/running.ts'

// Machines that test are slow; tap's own limit is half a minute.
file.setTimeout(120_000)

interface Step {
  readonly command: string
  /** Where in the answer is what a later example names. */
  readonly keeps?: readonly [name: string, ...place: string[]]
}

const step = (command: string, ...keeps: string[]): Step => ({
  command,
  ...(keeps[0] !== undefined && { keeps: [keeps[0], ...keeps.slice(1)] as const }),
})

/** Every command, in an order in which each has something to work on. */
const STEPS: readonly Step[] = [
  step('plans list'),
  step('roles list'),
  step('tenants create'),
  step('tenants list'),
  step('tenants rename'),
  step('tenants plan'),
  step('tenants mcp'),
  step('tenants suspend'),
  step('tenants activate'),
  step('people add'),
  step('people list'),
  step('people role'),
  step('people rename'),
  step('people invite'),
  step('people invitations', 'INVITATION', 'invitations', '0', 'id'),
  step('people uninvite'),
  step('people password-link'),
  step('people deactivate'),
  step('people activate'),
  step('people show', 'PERSON', 'id'),
  step('explain'),
  step('grants list', 'GRANT', 'grants', '0', 'id'),
  step('grants revoke'),
  step('consents list', 'CONSENT', 'consents', '0', 'id'),
  step('consents revoke'),
  step('sessions list', 'SESSION', 'sessions', '0', 'id'),
  step('sessions end'),
  step('sessions end-all'),
  step('providers add'),
  step('providers list'),
  step('tenants sign-in'),
  step('providers remove'),
  step('clients create', 'CLIENT', 'id'),
  step('clients list'),
  step('clients show'),
  step('clients update'),
  step('clients disable'),
  step('clients enable'),
  step('clients rotate-secret'),
  step('clients delete'),
  step('client-hosts set'),
  step('client-hosts list'),
  step('client-hosts remove'),
  step('keys create', 'KEY', 'id'),
  step('keys list'),
  step('keys change'),
  step('keys revoke'),
  step('keys rotate'),
  step('resources create'),
  step('resources list'),
  step('resources show'),
  step('resources update'),
  step('resources rotate'),
  step('resources delete'),
  step('feed rebuild'),
  step('feed status'),
  step('doctor'),
  step('people remove'),
  step('people delete'),
  step('audit list'),
  step('audit export'),
  step('audit heads'),
  step('audit verify'),
  step('audit retention', 'CLASS', 'retention', '0', 'class'),
  step('audit keep'),
  step('audit erase'),
]

test('every command does its example at a running installation, and answers machines with one JSON value', async (t) => {
  const house = await runningHouse(t, { embedded: true })
  await connectClient(house, 'member@acme.test').then(({ client }) => client.close())
  const out = join(temporaryFolder(t), 'acme.csv')
  const nowhere = { env: {}, fetch: globalThis.fetch, out: () => undefined, err: () => undefined }
  t.same(
    STEPS.map(({ command }) => command).sort(),
    [...commandsOf(createProgram(nowhere)).keys()].sort(),
    'all of them',
  )

  const known = new Map<string, string>()
  const gatehouse = async (command: string) => {
    const line = (EXAMPLES[command] ?? '').replace('acme.csv', out)
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    const [stdout, stderr]: [string[], string[]] = [[], []]
    const code = await run(['--json', ...words.map((word) => known.get(word) ?? word)], {
      env: {
        GATEHOUSE_URL: house.publicUrl,
        GATEHOUSE_ADMIN_TOKEN: house.secrets.adminToken,
        CORP_SECRET: 'a secret of the provider',
      },
      fetch: globalThis.fetch,
      out: (text) => void stdout.push(text),
      err: (text) => void stderr.push(text),
    })
    return { code, stdout, stderr }
  }
  for (const { command, keeps } of STEPS) {
    // What was just done is sealed and published a moment later.
    const settles = ['feed status', 'audit verify'].includes(command)
    if (settles) await eventually(20_000, command, async () => (await gatehouse(command)).code === 0)
    const { code, stdout, stderr } = await gatehouse(command)
    t.equal(code, 0, `${command}: ${stderr.join('\n')}`)
    t.equal(stdout.length, 1, `${command}: one value`)
    const answer: unknown = JSON.parse(stdout[0] ?? '')
    t.ok(typeof answer === 'object' && answer !== null, command)
    for (const line of stderr) t.match(JSON.parse(line), { note: String }, `${command}: ${line}`)
    if (keeps === undefined) continue
    const [name, ...place] = keeps
    const value = place.reduce<unknown>((of, key) => (of as Record<string, unknown> | undefined)?.[key], answer)
    t.type(value, 'string', `${command}: ${place.join('.')}`)
    known.set(name, String(value))
  }
})
