import type { CloudEvent, EventKind } from '@gatehouse/contracts'
import type { Database, Schema } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import type { z } from 'zod'
import type { Answers, InputRequest, LogLevel } from './ask.ts'
import type { Annotations, Icon, PromptMessage, ReadContents, ToolReply } from './content.ts'
import type { DirectoryOf } from './directory.ts'
import type { Offer } from './offer.ts'

/** A getter of a class: the compiler knows that a rest or spread of a call has no `signal`. Whoever needs it takes it by its name. */
export declare abstract class WithSignal {
  /** Fires when the caller went away or the deadline passed. Made when it is asked for first, which few do. */
  abstract get signal(): AbortSignal
}

/** What a handler gets about its call, beside the domain's stores. */
export interface Call extends WithSignal {
  readonly principal: Principal
  readonly now: Date
  /** W3C trace context of the call, to be passed on to events. */
  readonly traceparent?: string
  /** What the client can do, as it declared for this request or session. Nothing here is proven. */
  readonly client: ClientFacts
  /** Tells how far the work is; it has to grow from call to call. Does nothing where the client asked for no progress. */
  progress(done: number, total?: number, message?: string): void
  /** A log message to the client, at the level that it set. Never a secret, never another tenant's data. */
  log(level: LogLevel, data: unknown, logger?: string): void
  /** Lets the client's connection go while the work goes on. A client that can will come back for the answer; for others it does nothing. */
  release?(): void
  /**
   * Asks the client: its person by a form, its model, or its roots. The answer may come as a second request on another node: then the
   * handler runs again from its beginning, and `ask` gives what was answered. So nothing that lasts may happen before the last `ask`,
   * and what is asked under a key must not change between the runs.
   * @throws whatever the service uses to leave the handler; do not catch it
   */
  ask<const R extends Readonly<Record<string, InputRequest>>>(requests: R): Promise<Answers<R>>
  /** Present when the tool asks for confirmation and the person gave it: to be taken in the effect's own transaction (`takeClaim`). */
  readonly claim?: Claim
}

export interface ClientFacts {
  readonly name?: string
  readonly version?: string
  /** As declared: `{ elicitation: {}, sampling: {}, roots: {}, extensions: {…} }`. */
  readonly capabilities: Readonly<Record<string, unknown>>
}

/** The right to have an effect once. Whoever inserts its id first has it. */
export interface Claim {
  readonly id: string
  /** After it the claim is refused and its row may go. */
  readonly expiresAt: Date
}

/** What a person is asked before a tool runs. `undefined`: this call needs no confirmation. */
export interface Confirmation {
  /** One or two sentences: what will happen to what. */
  readonly message: string
}

/** What a call does to the world; the MCP annotations follow from it. */
export type Effect = 'reads' | 'writes' | 'destroys'

/** A tool: one file, one exported constant. `D` is what the catalog's `open` gives to handlers. */
export interface Tool<D, I extends z.ZodObject = z.ZodObject, O extends z.ZodObject = z.ZodObject> {
  /** 1–64 characters of `[A-Za-z0-9_.-]`. */
  readonly name: string
  readonly title: string
  /** For a model: what it does, what it returns, when not to use it. */
  readonly description: string
  readonly scopes: readonly string[]
  readonly permissions?: readonly string[]
  readonly effect: Effect
  /** Calling it twice with the same arguments leaves what calling it once leaves. Reads always are. */
  readonly idempotent?: boolean
  /** It reaches systems outside the company's own product. */
  readonly openWorld?: boolean
  /** What one call takes from the rate limit; default 1. */
  readonly cost?: number
  readonly icons?: readonly Icon[]
  /** Runs as a task (extension `io.modelcontextprotocol/tasks`) for clients that have it; `required`: for no other. */
  readonly task?: 'optional' | 'required'
  /** The person has to agree before it runs; the agreement is bound to principal, tool and arguments, and good once. */
  confirm?(input: z.output<I>, context: Call & D): Promise<Confirmation | undefined>
  readonly input: I
  /** Listed instead of the schema made from `input`, for what zod cannot say. JSON Schema 2020-12, root type `object`. */
  readonly inputSchema?: Readonly<Record<string, unknown>>
  /** Absent: the tool has no structured content; it answers with `reply`. */
  readonly output?: O
  /** First calls to learn it by; each fits `input`. They are shown where the catalog is explained, not in lists. */
  readonly examples?: readonly Example[]
  /** The value of `output`, or `reply([...])` for content of other kinds. */
  run(input: z.output<I>, context: Call & D): Promise<z.input<O> | ToolReply>
}

/** A call of a tool as a model might make it. */
export interface Example {
  /** When one calls it so: “Who works in a unit?” */
  readonly when: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** `defineTool<Domain>()({...})`: returns its argument, typed. Two calls, so that `D` is given and the schemas are inferred. */
export function defineTool<D>() {
  return <I extends z.ZodObject, O extends z.ZodObject>(tool: Tool<D, I, O>): Tool<D, I, O> => tool
}

/** Variables of a resource path, by name: `projects/{projectId}` has `projectId`. */
export type PathVariables<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [K in Name | keyof PathVariables<Rest>]: string }
  : Record<never, string>

/** Something that can be read by URI. The profile's scheme and this path make the URI: `align` + `projects` → `align://projects`. */
export interface Resource<D, Path extends string = string> {
  /** Stable, for logs and lists. */
  readonly name: string
  readonly path: Path
  readonly title: string
  readonly description: string
  readonly mimeType: string
  readonly scopes: readonly string[]
  readonly permissions?: readonly string[]
  /** `resources/updated` is sent for it; some entry of the catalog's `changes` yields its path. */
  readonly subscribable: boolean
  readonly icons?: readonly Icon[]
  readonly annotations?: Annotations
  /** Bytes, where it is known and does not change. */
  readonly size?: number
  /** Suggestions for a variable of the path, the best first; at most 100 are sent. `given` are the variables that are filled in already. */
  readonly complete?: Readonly<Record<string, Complete<D>>>
  /** The value, serialized as JSON (a string as it is where the type is `text/…`), or `contents([...])`; `undefined` when it does not exist for this tenant. */
  read(variables: PathVariables<Path>, context: Call & D): Promise<unknown | ReadContents>
}

/** Suggests values that begin with, or contain, what was typed so far. */
export type Complete<D> = {
  // A method, so that a catalog's own domain fits where any is expected.
  of(
    typed: string,
    context: Call & D & { readonly given: Readonly<Record<string, string>> },
  ): Promise<readonly string[]>
}['of']

export function defineResource<D>() {
  return <Path extends string>(resource: Resource<D, Path>): Resource<D, Path> => resource
}

/** A prompt: a template of messages that a person picks. Its arguments are strings. */
export interface Prompt<D, A extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly scopes: readonly string[]
  readonly permissions?: readonly string[]
  readonly icons?: readonly Icon[]
  /** Each member a string schema; optional ones are optional arguments. Descriptions are shown to the person. */
  readonly arguments: A
  readonly complete?: Readonly<Record<string, Complete<D>>>
  get(args: z.output<A>, context: Call & D): Promise<readonly PromptMessage[]>
}

export function definePrompt<D>() {
  return <A extends z.ZodObject>(prompt: Prompt<D, A>): Prompt<D, A> => prompt
}

/** The lists whose members can change while the service runs. */
export type ListName = 'tools' | 'resources' | 'prompts'

/** A domain event, the resource paths that it makes stale, and the lists that it changes. Pure. */
export interface Change {
  readonly kind: EventKind
  readonly paths: (event: CloudEvent) => readonly string[]
  readonly lists?: (event: CloudEvent) => readonly ListName[]
}

/** `onEvent(EntryCreated, ({ projectId }) => ['projects', …])` */
export function onEvent<S extends z.ZodType>(
  kind: EventKind<string, S>,
  paths: (data: z.output<S>) => readonly string[],
  lists?: (data: z.output<S>) => readonly ListName[],
): Change {
  const of =
    <T>(pick: (data: z.output<S>) => readonly T[]) =>
    (event: CloudEvent): readonly T[] => {
      const parsed = kind.schema.safeParse(event.data)
      return parsed.success ? pick(parsed.data) : []
    }
  return { kind, paths: of(paths), ...(lists === undefined ? {} : { lists: of(lists) }) }
}

/** A tenant of the demo, as auth has made it. */
export interface DemoTenant {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly people: readonly {
    readonly id: string
    readonly email: string
    readonly name: string
    readonly role: string
  }[]
}

/** A product's tools, resources and prompts, and which domain events change which resource. */
export interface Catalog<D extends object = object> {
  readonly name: string
  /** Schema and role of its tables. It holds an `outbox` table; the MCP service drains it to the bus. */
  readonly schema: Schema
  // biome-ignore lint/suspicious/noExplicitAny: a list of tools with different schemas has no common input type
  readonly tools: readonly Tool<D, any, any>[]
  // biome-ignore lint/suspicious/noExplicitAny: as above, for the variables of the paths
  readonly resources: readonly Resource<D, any>[]
  // biome-ignore lint/suspicious/noExplicitAny: as above, for the arguments of prompts
  readonly prompts?: readonly Prompt<D, any>[]
  readonly changes: readonly Change[]
  /**
   * Binds the domain's stores once; the result binds them to a principal, and to what it is offered, for each call. `directory`: the people of a tenant, who are auth's;
   * there for a catalog that says `asksDirectory`.
   */
  open(deps: { readonly db: Database; readonly directory?: DirectoryOf }): (principal: Principal, offer: Offer) => D
  /** Its tools ask about people or change their roles: the service then has to be able to ask auth, or it does not start. */
  readonly asksDirectory?: true
  /** Realistic rows for a demo tenant; does nothing where the tenant already has some. */
  demo(deps: { readonly db: Database; readonly now: Date }, tenant: DemoTenant): Promise<void>
}

export function defineCatalog<D extends object>(catalog: Catalog<D>): Catalog<D> {
  return catalog
}

/** A failure that the caller can understand and act on: becomes a result with `isError`. Its message reaches the model. */
export class ToolFailure extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'ToolFailure'
    this.code = code
  }
}
