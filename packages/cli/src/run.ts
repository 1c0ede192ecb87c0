import { Command, CommanderError } from 'commander'
import { auditCommand } from './commands/audit.ts'
import { clientHostsCommand } from './commands/client-hosts.ts'
import { clientsCommand } from './commands/clients.ts'
import { consentsCommand } from './commands/consents.ts'
import { doctorCommand } from './commands/doctor.ts'
import { explainCommand } from './commands/explain.ts'
import { feedCommand } from './commands/feed.ts'
import { grantsCommand } from './commands/grants.ts'
import { keyringsCommand } from './commands/keyrings.ts'
import { keysCommand } from './commands/keys.ts'
import { peopleCommand } from './commands/people.ts'
import { profileListCommands } from './commands/profile-lists.ts'
import { resourcesCommand } from './commands/resources.ts'
import { sessionsCommand } from './commands/sessions.ts'
import { tenantsCommand } from './commands/tenants.ts'
import { providersCommand } from './commands/tenants-sign-in.ts'
import { showExamples } from './examples.ts'
import { EXIT, EXIT_MEANINGS, Failure } from './failure.ts'
import type { Io } from './io.ts'
import { printable, printableJson } from './printable.ts'

const COMMANDS = [
  tenantsCommand,
  profileListCommands,
  peopleCommand,
  sessionsCommand,
  providersCommand,
  clientsCommand,
  clientHostsCommand,
  keysCommand,
  keyringsCommand,
  grantsCommand,
  consentsCommand,
  explainCommand,
  resourcesCommand,
  auditCommand,
  feedCommand,
  doctorCommand,
] as const

const AFTER_HELP = `
Exit codes:
${Object.entries(EXIT_MEANINGS)
  .map(([kind, meaning]) => `  ${String(EXIT[kind as keyof typeof EXIT]).padEnd(4)} ${meaning}`)
  .join('\n')}

With --json, standard output has one JSON value and nothing else, and standard error one JSON object a line: {"error":{"code","message"}}
or {"note"}. "audit list --follow" writes an event a line, "audit export" what --format says.

Examples:
  gatehouse tenants list
  gatehouse tenants mcp acme off
  gatehouse people invite acme rosa@acme.test --role member --send
  gatehouse --json audit list --follow
  gatehouse feed rebuild
  gatehouse doctor

"gatehouse <command> <subcommand> --help" has an example of each.`

/**
 * Runs the command line. What goes wrong is one line on standard error, for machines as JSON.
 * @param args what stands behind the program's name
 * @returns the exit code
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const json = saysJson(args)
  try {
    await createProgram(io, json).parseAsync(args, { from: 'user' })
    return EXIT.ok
  } catch (error) {
    const failure = failureOf(error, io)
    if (failure === undefined) return EXIT.ok
    if (json) io.err(printableJson(failure.wire, 0))
    // Commander has said to people what is wrong.
    else if (!(error instanceof CommanderError) && failure.kind !== 'interrupted')
      io.err(`gatehouse: ${printable(failure.message)}`)
    return failure.exitCode
  }
}

/** As far as the arguments can be read: they may be what is wrong. */
function saysJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end === -1 ? args.length : end).includes('--json')
}

/** Nothing for help and version, which are what was asked for. @throws whatever is a fault of this program */
function failureOf(error: unknown, { signal }: Io): Failure | undefined {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return undefined
    const shown = error.code === 'commander.help' ? 'name a command; --help shows what there is' : error.message
    return new Failure('usage', shown.replace(/^error: /, ''))
  }
  if (signal?.aborted === true) return new Failure('interrupted', 'interrupted')
  if (error instanceof Failure) return error
  throw error
}

/** @param json whether machines read, also of what is wrong */
export function createProgram(io: Io, json = false): Command {
  const program = new Command('gatehouse')
    .description('Runs a Gatehouse installation over its admin API.')
    .option('--url <url>', 'where Gatehouse is (default: GATEHOUSE_URL, else http://localhost:4000)')
    .option(
      '--token <token>',
      'the admin token (default: GATEHOUSE_ADMIN_TOKEN, which other users of this machine do not see)',
    )
    .option('--json', 'output for machines')
    .addHelpText('after', AFTER_HELP)
    .showHelpAfterError('(--help shows what there is)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => (json ? undefined : io.err(text.trimEnd())),
    })
  for (const add of COMMANDS) add(program, io)
  showExamples(program)
  return program
}
