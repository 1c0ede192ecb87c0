import { z } from 'zod'
import type { Operation } from './operation.ts'

/** The OpenAPI 3.1 document of the admin API, made from its operations. */
export function openApiDocument(
  operations: readonly Operation[],
  server: string,
  title: string,
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: { title, version: 'v1' },
    servers: [{ url: server }],
    security: [{ operator: [] }],
    components: {
      securitySchemes: { operator: { type: 'http', scheme: 'bearer', description: 'GATEHOUSE_ADMIN_TOKEN' } },
      schemas: { Error: z.toJSONSchema(error) },
    },
    paths,
  }
}

const error = z.object({ error: z.string(), error_description: z.string(), request_id: z.string() })

export const pathParameters = (path: string): readonly string[] =>
  [...path.matchAll(/\{([a-zA-Z]+)\}/g)].map((match) => match[1] ?? '')

function describe(operation: Operation): Record<string, unknown> {
  const inPath = pathParameters(operation.path)
  const schema = z.toJSONSchema(operation.input, { io: 'input' })
  const { properties = {}, required = [] } = schema
  const rest = Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name)))
  const inQuery = operation.method === 'GET' ? Object.keys(rest) : []
  const body = {
    type: 'object',
    properties: rest,
    required: required.filter((name) => !inPath.includes(name)),
    additionalProperties: false,
  }
  const failure = (description: string) => ({
    description,
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  })
  return {
    summary: operation.summary,
    operationId: `${operation.method.toLowerCase()}${operation.path.replace(/[^A-Za-z]+(.)?/g, (_all, next: string | undefined) => next?.toUpperCase() ?? '')}`,
    parameters: [
      ...inPath.map((name) => ({ name, in: 'path', required: true, schema: properties[name] })),
      ...inQuery.map((name) => ({ name, in: 'query', required: required.includes(name), schema: properties[name] })),
    ],
    ...(inQuery.length === 0 && Object.keys(rest).length > 0
      ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } }
      : {}),
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: z.toJSONSchema(operation.output) } } },
      400: failure('The input is not valid'),
      401: failure('The operator token is missing or wrong'),
      ...(inPath.length === 0 ? {} : { 404: failure('There is nothing of that id') }),
    },
  }
}
