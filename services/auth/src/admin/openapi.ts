import { z } from 'zod'
import type { Operation } from './operation.ts'

/** Of the document itself, which is no operation. */
export const DOCUMENT_PATH = '/openapi.json'

/** The OpenAPI 3.1 document of the admin API, made from its operations. */
export function openApiDocument(
  operations: readonly Operation[],
  server: string,
  title: string,
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [methodOf(operation)]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title,
      version: 'v1',
      description: 'What operators do. The part about the audit log is described by `/admin/v1/audit/openapi.json`.',
    },
    servers: [{ url: server }],
    security: [{ operator: [] }],
    components: {
      securitySchemes: {
        operator: {
          type: 'http',
          scheme: 'bearer',
          description:
            'GATEHOUSE_ADMIN_TOKEN, or an access token of a client of its own with the scope gatehouse:admin.',
        },
      },
      schemas: { Error: plain(z.toJSONSchema(error)) },
    },
    paths: {
      ...paths,
      [DOCUMENT_PATH]: {
        get: {
          summary: 'This document',
          operationId: 'getOpenapi',
          parameters: [],
          responses: { 200: answer('OpenAPI 3.1', { type: 'object' }), ...FAILURES },
        },
      },
    },
  }
}

const error = z.object({ error: z.string(), error_description: z.string(), request_id: z.string() })

export const pathParameters = (path: string): readonly string[] =>
  [...path.matchAll(/\{([a-zA-Z]+)\}/g)].map((match) => match[1] ?? '')

/** Whether what an operation takes beside its path stands in the query, as routes read it. */
export const asksInQuery = ({ method }: Pick<Operation, 'method'>): boolean => method === 'GET' || method === 'DELETE'

const methodOf = ({ method }: Pick<Operation, 'method'>): string => method.toLowerCase()

/** Without its dialect, which the document declares once for all. */
function plain({ $schema: _dialect, ...schema }: Record<string, unknown>): Record<string, unknown> {
  return schema
}

const answer = (description: string, schema: object) => ({ description, content: { 'application/json': { schema } } })
const failure = (description: string) => answer(description, { $ref: '#/components/schemas/Error' })

/** What any of them may be answered with. */
const FAILURES = {
  400: failure('The input is not valid'),
  401: failure('The operator token is missing or wrong'),
  403: failure('The access token is not one of a program that may administer'),
  503: failure('A part that is needed cannot answer now'),
} as const

function describe(operation: Operation): Record<string, unknown> {
  const inPath = pathParameters(operation.path)
  const { properties = {}, required = [] } = z.toJSONSchema(operation.input, { io: 'input' })
  const rest = Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name)))
  const names = Object.keys(rest)
  const inQuery = asksInQuery(operation) ? names : []
  const needed = required.filter((name) => names.includes(name))
  const body = { type: 'object', properties: rest, required: needed, additionalProperties: false }
  const hasBody = names.length > inQuery.length
  return {
    summary: operation.summary,
    operationId: `${methodOf(operation)}${operation.path.replace(/[^A-Za-z]+(.)?/g, (_all, next: string | undefined) => next?.toUpperCase() ?? '')}`,
    parameters: [
      ...inPath.map((name) => ({ name, in: 'path', required: true, schema: properties[name] })),
      ...inQuery.map((name) => ({ name, in: 'query', required: required.includes(name), schema: properties[name] })),
    ],
    ...(hasBody
      ? { requestBody: { required: needed.length > 0, content: { 'application/json': { schema: body } } } }
      : {}),
    responses: {
      200: answer('Done', plain(z.toJSONSchema(operation.output))),
      ...FAILURES,
      ...(inPath.length === 0 && names.length === 0 ? {} : { 404: failure('There is nothing of that id') }),
      ...(operation.method === 'GET' ? {} : { 409: failure('What is there already stands against it') }),
      ...(asksInQuery(operation) ? {} : { 413: failure('The body is too large') }),
      ...(inPath.length === 0 ? {} : { 414: failure('The path is too long') }),
    },
  }
}
