import { type Command, InvalidArgumentError } from 'commander'
import { contextOf, showDone } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable.ts'
import { findTenant, tenantPath } from '../tenant-lookup.ts'

interface CreateOptions {
  readonly tenant: string
  readonly name: string
  readonly scope: readonly string[]
  readonly expires?: string
  readonly project?: string
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

/** As RFC 3339 with `Z`, whichever offset was given. */
function instant(text: string): string {
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(Date.parse(text))) {
    throw new InvalidArgumentError('It must be a time as 2027-01-31T12:00:00Z.')
  }
  return new Date(text).toISOString()
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
    .option('--expires <time>', 'when it ends by itself, as 2027-01-31T12:00:00Z', instant)
    .option('--project <id>', 'only for one project: for the REST API, refused by MCP')
    .action(async ({ tenant, name, scope, expires, project }: CreateOptions, command: Command) => {
      const context = contextOf(command, io)
      const path = `${tenantPath(await findTenant(context.api, tenant))}/api-keys`
      const body = {
        name,
        scopes: scope,
        ...(expires !== undefined && { expiresAt: expires }),
        ...(project !== undefined && { project }),
      }
      const answer = await context.api.send('POST', path, body)
      const { id, key } = answer as CreatedKey
      // The key alone on standard output: it can be piped to where it is needed.
      showDone(context, answer, printable(key))
      if (!context.json) io.err(`Key ${printable(id)} for ${tenant} is created. Keep it now: it is not shown again.`)
    })

  keys
    .command('change')
    .description('Rename an API key, or change what it may do; that holds everywhere within a second')
    .argument('<id>', 'id of the key, not the key itself')
    .option('--name <name>', 'what it is for')
    .option('--scope <scope>', 'what it may do from now on; repeat for several', scopeToken)
    .action(async (id: string, { name, scope }: { name?: string; scope?: readonly string[] }, command: Command) => {
      if (name === undefined && scope === undefined) throw new Failure('usage', 'say what to change: --name or --scope')
      const context = contextOf(command, io)
      const body = { ...(name !== undefined && { name }), ...(scope !== undefined && { scopes: scope }) }
      const answer = await context.api.send('PATCH', `/admin/v1/api-keys/${encodeURIComponent(id)}`, body)
      showDone(context, answer, `Key ${printable(id)} is changed.`)
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
