import { duration, list, secret, serviceFields, url } from '@gatehouse/config'
import { z } from 'zod'

const streams = (usual: number, about: string) =>
  z.coerce.number().int().min(1).max(1_000_000).default(usual).describe(about)

/** What the MCP service may be told. */
export const mcpConfig = z.object({
  ...serviceFields({ port: 4002, database: 'mcp' }),
  GATEHOUSE_PROFILE: z.string().min(1).default('align').describe('Name or file of the profile.'),
  PUBLIC_URL: url('http', 'https')
    .transform((value) => new URL(value).origin)
    .describe('Origin that clients use; the MCP path comes from the profile.'),
  ISSUER: url('http', 'https')
    .optional()
    .describe('The authorization server, exactly as it names itself. Default: PUBLIC_URL.'),
  AUTH_INTERNAL_URL: url('http', 'https')
    .optional()
    .describe('Where this service reaches auth for keys and API keys. Default: the issuer.'),
  RESOURCE_ALIASES: list().describe('Further audiences that tokens for this resource may have, separated by commas.'),
  MCP_CLIENT_ID: z.string().min(1).default('gatehouse-mcp').describe('Client id of this service at auth.'),
  MCP_CLIENT_KEY: secret()
    .optional()
    .describe(
      'Private JWK (ES256) with which this service proves itself to auth; needed where the profile takes API keys, or a catalog asks about people.',
    ),
  GATEHOUSE_SECRET: secret().describe(
    'Encrypts the keys in the database, which seal session ids, request state and cursors; at least 16 characters. Without it those in use are lost.',
  ),
  NODE_NAME: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,128}$/, 'must have 1 to 128 characters of A-Z a-z 0-9 _ -')
    .optional()
    .describe('Name of this node in the audit log. Default: host name and process id.'),
  REDIS_URL: url('redis', 'rediss').optional().describe('Shared counters. Without it each node counts alone.'),
  SSE_BASE_PATH: z
    .string()
    .regex(/^(\/[A-Za-z0-9_.-]+)*$/, 'must be empty, or begin with "/" and not end with one')
    .default('')
    .describe('Put before the path that HTTP+SSE clients post to, for a proxy in front that takes it away.'),
  ALLOWED_HOSTS: list().describe(
    'Hosts beside the public one that requests may name, `host:port`, separated by commas.',
  ),
  ALLOWED_ORIGINS: list().describe('Origins of browser clients beside the public one, separated by commas.'),
  CALL_TIMEOUT: duration().default(30).describe('Seconds that a tool or a read may take.'),
  TASK_TIMEOUT: duration()
    .default(1_800)
    .describe('Seconds that a task may take. Its result can be read for as long again, at least.'),
  AUDIT_READS: z
    .enum(['required', 'when-possible'])
    .default('required')
    .describe('Whether tools that only read are refused while the audit log cannot be reached.'),
  STREAMS_PER_NODE: streams(10_000, 'Streams that may be open on one node.'),
  STREAMS_PER_TENANT: streams(5_000, 'Streams of one workspace that may be open on one node.'),
  STREAMS_PER_PRINCIPAL: streams(32, 'Streams of one person or key that may be open on one node.'),
  REPLAY_WINDOW: duration()
    .default(600)
    .refine((seconds) => seconds >= 10 && seconds <= 86_400, 'must be from 10 s to a day')
    .describe('Seconds for which changes are remembered: who listens again within them has missed nothing.'),
  DRAIN_DELAY: duration()
    .default(0)
    .refine((seconds) => seconds <= 120, 'must be 120 s at most')
    .describe(
      'Seconds between SIGTERM, which turns readiness off, and the end of accepting: longer than balancers take to see it.',
    ),
  DRAIN_STREAMS: duration()
    .default(5)
    .refine((seconds) => seconds <= 120, 'must be 120 s at most')
    .describe('Seconds over which open streams are ended, so that their clients do not all come back at once.'),
  JOURNAL_FOLDER: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder on a disk of this node where audit events are kept while the bus is away; one process has it at a time. Without it calls are refused then.',
    ),
  JOURNAL_MEGABYTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_048_576)
    .default(256)
    .describe('How large the journal may grow. When it is full, calls are refused.'),
})
export type McpConfig = z.output<typeof mcpConfig>
