import type { FastifyInstance, FastifyRequest } from 'fastify'
import { administered } from '../audit/administered.ts'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { asksInQuery, DOCUMENT_PATH, openApiDocument } from './openapi.ts'
import type { AdminDeps, Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { type Operator, type OperatorDeps, provenOperator } from './operator.ts'

export const ADMIN_PATH = '/admin/v1'

/** The operator's API: every operation of the table, and the document that describes them. */
export async function adminRoutes(
  server: FastifyInstance,
  deps: AdminDeps & Omit<OperatorDeps, 'adminResource'> & { readonly publicUrl: string },
): Promise<void> {
  answerErrors(server, answerJson)
  const operators = new WeakMap<FastifyRequest, Operator>()
  const proving = { ...deps, adminResource: `${deps.publicUrl}${ADMIN_PATH}` }
  server.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    operators.set(request, await provenOperator(request, proving))
  })
  const document = openApiDocument(
    OPERATIONS,
    `${deps.publicUrl}${ADMIN_PATH}`,
    `${deps.profile.branding.name} administration`,
  )
  server.get(`${ADMIN_PATH}${DOCUMENT_PATH}`, async () => document)
  for (const operation of OPERATIONS) {
    server.route({
      method: operation.method,
      url: `${ADMIN_PATH}${operation.path.replace(/\{([a-zA-Z]+)\}/g, ':$1')}`,
      bodyLimit: 64 * 1024,
      handler: async (request) =>
        operation.output.parse(await run(operation, readInput(operation, request), deps, operators.get(request))),
    })
  }
}

/** What changes something is told to the audit log. */
function run(operation: Operation, input: Record<string, unknown>, deps: AdminDeps, operator: Operator = {}) {
  const { method, path } = operation
  if (method === 'GET') return operation.run(input, deps)
  return administered(deps, { action: `${method} ${path}`, input, ...operator }, (db) =>
    operation.run(input, { ...deps, db }),
  )
}

const NO_BODY = 'What this operation takes stands in the query, not in a body.'
const NO_QUERY = 'What this operation takes stands in the body, not in the query.'

function readInput(operation: Operation, request: FastifyRequest): Record<string, unknown> {
  const [query, body] = [request.query ?? {}, request.body ?? {}]
  const [carried, ignored] = asksInQuery(operation) ? [query, body] : [body, query]
  if (typeof carried !== 'object' || Array.isArray(carried)) throw new Refusal('request.malformed')
  // As the document says: a field that is misspelt, or at the wrong place, must not look like one that was obeyed.
  if (Object.keys(ignored).length > 0)
    throw new Refusal('request.malformed', { text: asksInQuery(operation) ? NO_BODY : NO_QUERY })
  const parsed = operation.input.strict().safeParse({ ...carried, ...(request.params as object) })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Refusal('request.malformed', {
    text: `${issue?.path.join('.') || 'input'}: ${issue?.message ?? 'not valid'}`.slice(0, 300),
  })
}
