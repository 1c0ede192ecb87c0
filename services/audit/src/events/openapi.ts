import { z } from 'zod'
import { eventsPage } from './item.ts'
import { eventsQuery, exportQuery } from './query.ts'

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

const simple = (operationId: string, summary: string, description: string) => ({
  operationId,
  summary,
  responses: { 200: { description }, 401: answer('The admin token is missing or wrong.', problem) },
})
const body = (properties: object, required: readonly string[]) => ({
  requestBody: {
    required: true,
    content: { 'application/json': { schema: { type: 'object', properties, required, additionalProperties: false } } },
  },
})

const operatorPaths = {
  '/admin/v1/audit/proof': { get: simple('proveAuditLog', 'What a verification reads', 'JSONL, see docs/audit.md.') },
  '/admin/v1/audit/heads': { get: simple('listAuditHeads', 'Signed heads that the bus has', 'A JWS a line.') },
  '/admin/v1/audit/jwks.json': {
    get: { ...simple('listAuditKeys', 'Keys that sign heads', 'A key set (RFC 7517).'), security: [] },
  },
  '/admin/v1/audit/keyrings': {
    get: simple('listAuditKeyrings', 'Keyrings of the audit service', 'By ids and times.'),
  },
  '/admin/v1/audit/keyrings/{ring}/rotate': {
    post: {
      ...simple('rotateAuditKeyring', 'Bring the next key of a ring', 'The ring as it is now.'),
      parameters: [{ name: 'ring', in: 'path', required: true, schema: { type: 'string' } }],
      ...body({ now: { type: 'boolean' }, retireOthers: { type: 'boolean' } }, []),
    },
  },
  '/admin/v1/audit/retention': { get: simple('listAuditRetention', 'How long events are kept', 'By class.') },
  '/admin/v1/audit/retention/{class}': {
    put: {
      ...simple('setAuditRetention', 'How long events of a class are kept', 'By class, as it is now.'),
      parameters: [{ name: 'class', in: 'path', required: true, schema: { type: 'string' } }],
      ...body({ months: { type: ['integer', 'null'], minimum: 1 } }, ['months']),
    },
  },
  '/admin/v1/audit/erasures': {
    post: {
      ...simple('erasePerson', 'Erase who a person was', 'From how many logs.'),
      ...body({ person: { type: 'string' }, tenant: { type: 'string' } }, ['person']),
    },
  },
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
      '/admin/v1/audit/export': {
        get: {
          operationId: 'exportAuditEvents',
          summary: 'All events, newest first, each a line',
          parameters: parametersOf(exportQuery),
          responses: {
            200: { description: 'JSONL, CSV, or JSONL of OCSF 1.3.0.' },
            400: answer('The query is not usable.', problem),
            401: answer('The token is missing or wrong.', problem),
            503: answer('The log cannot be read at the moment.', problem),
          },
        },
      },
      ...operatorPaths,
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
        adminToken: {
          type: 'http',
          scheme: 'bearer',
          description:
            'GATEHOUSE_ADMIN_TOKEN of this installation, or an access token of a program that may administer it.',
        },
      },
    },
  }
}
