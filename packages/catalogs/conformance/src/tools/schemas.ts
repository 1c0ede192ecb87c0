import { z } from 'zod'
import { fixture } from '../fixture.ts'

/** Every keyword has to arrive as it stands. */
const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
}

/** Tools whose arguments are described in more than the usual words. */
export const schemaTools = [
  fixture({
    name: 'json_schema_2020_12_tool',
    description: 'Tool with JSON Schema 2020-12 features',
    input: z.strictObject({
      name: z.string().optional(),
      address: z.object({ street: z.string().optional(), city: z.string().optional() }).optional(),
      contactMethod: z.enum(['phone', 'email']).optional(),
      phone: z.string().optional(),
      email: z.string().optional(),
    }),
    inputSchema: SCHEMA_2020_12,
    run: async (input) => `Reached by ${input.contactMethod ?? 'email'}`,
  }),
  fixture({
    name: 'test_x_mcp_header',
    description: 'Has an argument that stands in a header too.',
    input: z.object({
      region: z.string().optional().describe('Where to look.').meta({ 'x-mcp-header': 'Region' }),
    }),
    run: async ({ region }) => `Looked in ${region ?? 'every region'}.`,
  }),
]
