import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'

/** Who calls, as far as the application asks. */
export interface ProductCaller {
  readonly tenant: string
  readonly credentialId: string
}

/** The writes of a company's product that no tool has. Their failures have a `code`. */
export interface ProductWrites {
  createProject(given: Project): Promise<{ readonly id: string }>
  updateProject(id: string, given: Partial<Project>): Promise<object>
  createRelease(projectId: string, given: Release): Promise<{ readonly id: string }>
  updateRelease(id: string, given: Partial<Release>): Promise<object>
}

interface Project {
  readonly name: string
  readonly description?: string
}

interface Release extends Project {
  // biome-ignore lint/suspicious/noExplicitAny: a word that the product's own type narrows, and that the schema below has checked
  readonly status?: any
  readonly targetDate?: string | null
}

export interface ProductApiDeps<C extends ProductCaller> {
  /** What a Bearer credential proves; `undefined`: nothing that is good here. */
  readonly admit: (credential: string) => Promise<C | undefined>
  /** Whether it may write; else why not. */
  readonly judge: (caller: C) => string | undefined
  /** The window that is shared with the MCP endpoint. */
  readonly take: (caller: C) => Promise<{ readonly over: boolean; readonly headers: Readonly<Record<string, string>> }>
  readonly open: (caller: C) => ProductWrites
}

const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength, pattern: '^[^\\u0000]*$' })
const description = { type: 'string', maxLength: 4_000, pattern: '^[^\\u0000]*$' }
const project = { name: text(200), description }
const release = {
  ...project,
  targetDate: { anyOf: [{ type: 'string', format: 'date' }, { type: 'null' }] },
}
const body = (properties: object, required: readonly string[] = []) => ({
  schema: {
    body: {
      type: 'object',
      additionalProperties: false,
      properties,
      required,
      ...(required.length ? {} : { minProperties: 1 }),
    },
  },
})

const STATUS: Readonly<Record<string, number>> = {
  unknown_project: 404,
  unknown_release: 404,
  active_release: 409,
  release_over: 409,
}

const callers = new WeakMap<object, ProductCaller>()

/**
 * A small REST application that stands for a company's own product: it writes what no tool writes, takes the same credentials as the MCP
 * endpoint, and counts in the same window.
 */
export function createProductApi<C extends ProductCaller>({
  admit,
  judge,
  take,
  open,
}: ProductApiDeps<C>): FastifyInstance {
  // What the schemas forbid is refused instead of dropped.
  const app = Fastify({ logger: false, ajv: { customOptions: { removeAdditional: false, coerceTypes: false } } })
  app.addHook('onRequest', async (request, reply) => {
    const credential = /^Bearer ([!-~]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const caller = credential === undefined ? undefined : await admit(credential)
    if (caller === undefined) return refuse(reply.header('www-authenticate', 'Bearer'), 401, 'unauthorized')
    const { over, headers } = await take(caller)
    reply.headers(headers)
    if (over) return refuse(reply, 429, 'too_many_requests')
    const fault = judge(caller)
    if (fault !== undefined) return refuse(reply, 403, 'forbidden', fault)
    callers.set(request, caller)
  })
  app.setErrorHandler<{ readonly code?: string; readonly statusCode?: number; readonly message: string }>(
    (error, _request, reply) => {
      const status = STATUS[error.code ?? ''] ?? error.statusCode ?? 500
      const known = status < 500
      return refuse(reply, status, known ? (error.code ?? 'invalid') : 'internal', known ? error.message : undefined)
    },
  )
  const writes = (request: object) => open(callers.get(request) as C)
  app.post<{ Body: Project }>('/v1/projects', body(project, ['name']), async (request, reply) =>
    reply.code(201).send(await writes(request).createProject(request.body)),
  )
  app.patch<{ Params: { id: string }; Body: Partial<Project> }>('/v1/projects/:id', body(project), (request) =>
    writes(request).updateProject(request.params.id, request.body),
  )
  app.post<{ Params: { id: string }; Body: Release }>(
    '/v1/projects/:id/releases',
    body({ ...release, status: { enum: ['planned', 'active'] } }, ['name']),
    async (request, reply) =>
      reply.code(201).send(await writes(request).createRelease(request.params.id, request.body)),
  )
  app.patch<{ Params: { id: string }; Body: Partial<Release> }>(
    '/v1/releases/:id',
    body({ ...release, status: { enum: ['planned', 'active', 'released'] } }),
    (request) => writes(request).updateRelease(request.params.id, request.body),
  )
  return app
}

const refuse = (reply: FastifyReply, status: number, error: string, message?: string) =>
  reply.code(status).send({ error, ...(message === undefined ? {} : { message }) })
