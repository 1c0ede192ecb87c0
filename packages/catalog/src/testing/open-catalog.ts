import type { CloudEvent, DirectoryPort } from '@gatehouse/contracts'
import { type DatabaseHost, ident, sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import type { Principal, Rules } from '@gatehouse/policy'
import type { Scope } from '@gatehouse/testkit'
import type { z } from 'zod'
import type { Call, Catalog, Prompt, Resource, Tool } from '../define.ts'
import { directoryFor } from '../directory.ts'
import { offerOf } from '../offer.ts'
import { NO_RULES, stockOf } from './stock-of.ts'

export { FREE_OFFER } from './stock-of.ts'

/** A call as a handler sees it whose client can do nothing: no progress, no log, no answers. `over` replaces members. */
export function bareCall(principal: Principal, over: Partial<Call> = {}): Call {
  const { signal = new AbortController().signal, ...members } = over
  const own: Omit<Call, 'signal'> = {
    principal,
    now: new Date(0),
    client: { capabilities: {} },
    progress: () => undefined,
    log: () => undefined,
    ask: () => Promise.reject(new Error('this client cannot be asked')),
    ...members,
  }
  // Below it, as the service gives it: a handler that loses it on the way is found here, too.
  const above: Pick<Call, 'signal'> = {
    get signal() {
      return signal
    },
  }
  return Object.assign(Object.create(above) as typeof above, own)
}

export interface OutboxEvent {
  readonly subject: string
  readonly event: CloudEvent
}

/** A catalog over a database of its own, called as the MCP service calls it: arguments parsed, results checked. */
export interface OpenCatalog<D> {
  readonly host: DatabaseHost
  // biome-ignore lint/suspicious/noExplicitAny: tools with different schemas have no common type of input
  call<T = any>(tool: Tool<D, any, any>, principal: Principal, input: unknown, over?: Partial<Call>): Promise<T>
  // biome-ignore lint/suspicious/noExplicitAny: nor have resources of different paths one of variables
  read<T = any>(resource: Resource<D, any>, principal: Principal, variables?: Record<string, string>): Promise<T>
  /** The text of each message. */
  // biome-ignore lint/suspicious/noExplicitAny: nor have prompts one of arguments
  prompt(prompt: Prompt<D, any>, principal: Principal, args?: Record<string, string>): Promise<readonly string[]>
  /** What was appended since the last call, and removes it. */
  takeEvents(): Promise<readonly OutboxEvent[]>
}

/**
 * @param given a database that is open already, else one of its own is made @param now of every call
 * @param rules what a catalog's handlers are told of scopes and roles that they ask for themselves
 * @param directory who answers about people
 */
export async function openCatalog<D extends object>(
  t: Scope,
  catalog: Catalog<D>,
  {
    given,
    now,
    rules = NO_RULES,
    directory,
  }: {
    readonly given?: DatabaseHost
    readonly now: Date
    readonly rules?: Rules
    readonly directory?: DirectoryPort
  },
): Promise<OpenCatalog<D>> {
  const host = given ?? (await testDatabase(t, [catalog.schema]))
  const db = host.as(catalog.schema.role)
  const open = catalog.open(directory === undefined ? { db } : { db, directory: directoryFor(directory) })
  const bind = (principal: Principal): D =>
    open(
      principal,
      offerOf(() => stock, rules, principal),
    )
  const stock = stockOf(catalog as unknown as Catalog, bind)
  const contextOf = (principal: Principal, over: Partial<Call> = {}): Call & D =>
    Object.assign(bareCall(principal, { now, ...over }), bind(principal))
  const outbox = ident(`${catalog.schema.name}.outbox`)
  return {
    host,
    async call(tool, principal, input, over) {
      const output = await tool.run(tool.input.parse(input), contextOf(principal, over))
      return (tool.output as z.ZodObject).strict().parse(output) as never
    },
    async read(resource, principal, variables = {}) {
      const value = await resource.read(variables, contextOf(principal))
      return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
    },
    async prompt(prompt, principal, args = {}) {
      const messages = await prompt.get(prompt.arguments.parse(args), contextOf(principal))
      return messages.map(({ content }) => (content.type === 'text' ? content.text : content.type))
    },
    takeEvents: () =>
      db.asPlatform('test', async (tx) => {
        const rows = await tx.rows<OutboxEvent>(sql`select subject, event from ${outbox} order by position`)
        await tx.run(sql`delete from ${outbox}`)
        return rows
      }),
  }
}
