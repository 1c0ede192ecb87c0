import { z } from 'zod'
import { eventsPage } from './item.ts'
import { eventsQuery } from './query.ts'

const problem = z.object({ error: z.string(), error_description: z.string(), request_id: z.string() })

const answer = (description: string, schema: z.ZodType): object => ({
  description,
  content: { 'application/json': { schema: plainSchema(schema, 'output') } },
})

/** The schema without its dialect, which an OpenAPI 3.1 document declares once for all. */
function plainSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...plain } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return plain
}

function parametersOf(query: z.ZodObject): object[] {
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...rest } = plainSchema(schema as z.ZodType, 'input')
    return { name, in: 'query', required: false, description, schema: rest }
  })
}

/** The audit part of the admin API (OpenAPI 3.1), made from the schemas that the routes use. */
export function openApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Gatehouse audit API', version: '1', description: 'The log of what was done through Gatehouse.' },
    security: [{ adminToken: [] }],
    paths: {
      '/admin/v1/audit/events': {
        get: {
          operationId: 'listAuditEvents',
          summary: 'Events, newest first',
          parameters: parametersOf(eventsQuery),
          responses: {
            200: answer('A page of events.', eventsPage),
            400: answer('The query or the cursor is not usable.', problem),
            401: answer('The admin token is missing or wrong.', problem),
            503: answer('The log cannot be read at the moment.', problem),
          },
        },
      },
      '/admin/v1/audit/openapi.json': {
        get: {
          operationId: 'describeAuditApi',
          summary: 'This document',
          responses: {
            200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
            401: answer('The admin token is missing or wrong.', problem),
          },
        },
      },
    },
    components: {
      securitySchemes: {
        adminToken: { type: 'http', scheme: 'bearer', description: 'GATEHOUSE_ADMIN_TOKEN of this installation.' },
      },
    },
  }
}
