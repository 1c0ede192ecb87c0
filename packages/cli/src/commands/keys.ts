import { type Command, InvalidArgumentError } from 'commander'
import { contextOf, showDone } from '../context.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'

interface CreateOptions {
  readonly tenant: string
  readonly name: string
  readonly scope: readonly string[]
}

interface CreatedKey {
  readonly id: string
  readonly key: string
}

/** RFC 6749 section 3.3. */
function scopeToken(text: string, before: readonly string[] = []): readonly string[] {
  if (!/^[\x21\x23-\x5B\x5D-\x7E]+$/.test(text))
    throw new InvalidArgumentError('It must be one scope; repeat the option for more.')
  return [...before, text]
}

/** `gatehouse keys …` */
export function keysCommand(program: Command, io: Io): void {
  const keys = program.command('keys').description('API keys of tenants')

  keys
    .command('create')
    .description('Create an API key; it is shown this once and cannot be shown again')
    .requiredOption('--tenant <slug>', 'the tenant that it belongs to')
    .requiredOption('--name <name>', 'what it is for, in words for people')
    .requiredOption('--scope <scope>', 'what it may do; repeat for several', scopeToken)
    .action(async ({ tenant, name, scope }: CreateOptions, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('POST', '/admin/v1/api-keys', { tenant, name, scopes: scope })
      const { id, key } = answer as CreatedKey
      // The key alone on standard output: it can be piped to where it is needed.
      showDone(context, answer, printable(key))
      if (!context.json) io.err(`Key ${printable(id)} for ${tenant} is created. Keep it now: it is not shown again.`)
    })

  keys
    .command('revoke')
    .description('Revoke an API key: it is refused everywhere within a second')
    .argument('<id>', 'id of the key, not the key itself')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command, io)
      const answer = await context.api.send('DELETE', `/admin/v1/api-keys/${encodeURIComponent(id)}`)
      showDone(context, answer, `Key ${printable(id)} is revoked.`)
    })
}
