import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { findPerson } from '../person-lookup.ts'
import { printable, printableJson } from '../printable.ts'
import { findTenant } from '../tenant-lookup.ts'

interface Explained {
  readonly allow: boolean
  readonly reason?: string
  readonly text: string
  readonly gates: readonly { readonly gate: string; readonly answer: string }[]
  readonly scopes: readonly string[]
  readonly heldRoles: readonly string[]
}

interface Options {
  readonly tenant?: string
  readonly person?: string
  readonly grant?: string
  readonly key?: string
  readonly scope?: readonly string[]
  readonly needs?: readonly string[]
  readonly permission?: readonly string[]
}

const several = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

/** `gatehouse explain` */
export function explainCommand(program: Command, io: Io): void {
  program
    .command('explain')
    .description('Say why somebody may or may not do something: the decision that every request meets, in words')
    .option('--person <email or id>', 'a person, with --tenant')
    .option('--tenant <slug>', 'in which organisation')
    .option('--grant <id>', 'an authorization, as "gatehouse grants list" shows it')
    .option('--key <id>', 'an API key')
    .option('--scope <name>', 'a scope of the token (default: those of the profile); repeat for several', several)
    .option('--needs <name>', 'a scope that the tool or resource asks for; repeat for several', several)
    .option('--permission <name>', 'a permission that it asks for; repeat for several', several)
    .action(async (options: Options, command: Command) => {
      const context = contextOf(command, io)
      const { person, tenant, grant, key } = options
      if ([person, grant, key].filter((one) => one !== undefined).length !== 1)
        throw new Failure('usage', 'name one of --person, --grant and --key')
      const answer = (await context.api.get('/admin/v1/explain', {
        grant,
        key,
        person: person === undefined ? undefined : (await findPerson(context.api, person)).id,
        tenant: tenant === undefined ? undefined : (await findTenant(context.api, tenant)).id,
        scopes: options.scope?.join(' '),
        needs: options.needs?.join(' '),
        permissions: options.permission?.join(' '),
      })) as Explained
      if (context.json) return io.out(printableJson(answer))
      io.out(printable(answer.allow ? 'Allowed.' : `Refused: ${answer.reason ?? ''}. ${answer.text}`))
      for (const { gate, answer: says } of answer.gates) io.out(printable(`  ${gate.padEnd(11)} ${says}`))
      io.out(
        printable(`  has scopes: ${answer.scopes.join(' ') || 'none'}; roles: ${answer.heldRoles.join(' ') || 'none'}`),
      )
    })
}
