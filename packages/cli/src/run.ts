import { Command, CommanderError } from 'commander'
import { auditCommand } from './commands/audit.ts'
import { clientHostsCommand } from './commands/client-hosts.ts'
import { clientsCommand } from './commands/clients.ts'
import { doctorCommand } from './commands/doctor.ts'
import { explainCommand } from './commands/explain.ts'
import { feedCommand } from './commands/feed.ts'
import { grantsCommand } from './commands/grants.ts'
import { keyringsCommand } from './commands/keyrings.ts'
import { keysCommand } from './commands/keys.ts'
import { peopleCommand } from './commands/people.ts'
import { resourcesCommand } from './commands/resources.ts'
import { sessionsCommand } from './commands/sessions.ts'
import { tenantsCommand } from './commands/tenants.ts'
import { providersCommand } from './commands/tenants-sign-in.ts'
import { EXIT, Failure } from './failure.ts'
import type { Io } from './io.ts'
import { printable } from './printable.ts'

const COMMANDS = [
  tenantsCommand,
  peopleCommand,
  sessionsCommand,
  providersCommand,
  clientsCommand,
  clientHostsCommand,
  keysCommand,
  keyringsCommand,
  grantsCommand,
  explainCommand,
  resourcesCommand,
  auditCommand,
  feedCommand,
  doctorCommand,
] as const

const AFTER_HELP = `
Exit codes:
  0  done
  1  refused by the server; doctor: something is wrong
  2  wrong use of this program
  3  the server cannot be reached

Examples:
  gatehouse tenants list
  gatehouse tenants mcp acme off
  gatehouse people invite acme rosa@acme.test --role member --send
  gatehouse keys create --tenant acme --name "nightly sync" --scope mcp:read
  gatehouse keys rotate access
  gatehouse explain --tenant acme --person rosa@acme.test --needs mcp:write --permission entries:write
  gatehouse audit list --tenant acme --outcome refused --limit 50
  gatehouse --json audit list --follow
  gatehouse audit export --tenant acme --format csv --out acme.csv
  gatehouse audit verify
  gatehouse feed rebuild
  gatehouse doctor`

/**
 * Runs the command line. Nothing is thrown: what goes wrong is one line on standard error.
 * @param args what stands behind the program's name
 * @returns the exit code
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    await createProgram(io).parseAsync(args, { from: 'user' })
    return EXIT.ok
  } catch (error) {
    // Commander has said what is wrong; help and version end with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (io.signal?.aborted === true) return EXIT.interrupted
    if (!(error instanceof Failure)) throw error
    io.err(`gatehouse: ${printable(error.message)}`)
    return error.exitCode
  }
}

function createProgram(io: Io): Command {
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
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
  for (const add of COMMANDS) add(program, io)
  return program
}
