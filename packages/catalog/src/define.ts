import type { CloudEvent, EventKind } from '@gatehouse/contracts'
import type { Database, Schema } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import type { z } from 'zod'

/** What a handler gets about its call, beside the domain's stores. */
export interface Call {
  readonly principal: Principal
  /** Fires when the caller went away or the deadline passed. */
  readonly signal: AbortSignal
  readonly now: Date
  /** W3C trace context of the call, to be passed on to events. */
  readonly traceparent?: string
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
  readonly input: I
  readonly output: O
  run(input: z.output<I>, context: Call & D): Promise<z.input<O>>
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
  /** The value, serialized as JSON; `undefined` when it does not exist for this tenant. */
  read(variables: PathVariables<Path>, context: Call & D): Promise<unknown>
}

export function defineResource<D>() {
  return <Path extends string>(resource: Resource<D, Path>): Resource<D, Path> => resource
}

/** A domain event and the resource paths that it makes stale. Pure. */
export interface Change {
  readonly kind: EventKind
  readonly paths: (event: CloudEvent) => readonly string[]
}

/** `onEvent(EntryCreated, ({ projectId }) => ['projects', …])` */
export function onEvent<S extends z.ZodType>(
  kind: EventKind<string, S>,
  paths: (data: z.output<S>) => readonly string[],
): Change {
  return {
    kind,
    paths: (event) => {
      const parsed = kind.schema.safeParse(event.data)
      return parsed.success ? paths(parsed.data) : []
    },
  }
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
  readonly changes: readonly Change[]
  /** Binds the domain's stores once; the result binds them to a principal for each call. */
  open(deps: { readonly db: Database }): (principal: Principal) => D
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
