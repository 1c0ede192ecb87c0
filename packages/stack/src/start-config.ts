import { flag, list, port, url } from '@gatehouse/config'
import { redirectDomain } from '@gatehouse/profiles'
import { z } from 'zod'

/** What `npm start` may be told. */
export const startConfig = z.object({
  PORT: port().default(4000).describe('Port of everything.'),
  HOST: z.string().default('127.0.0.1').describe('Address to listen on.'),
  PUBLIC_URL: url('http', 'https').optional().describe('Origin that clients use. Default: http://localhost:PORT.'),
  GATEHOUSE_PROFILE: z.string().default('align').describe('Name or file of the profile.'),
  MCP_REDIRECT_DOMAINS: list()
    .pipe(z.array(redirectDomain))
    .describe('Clients that register themselves may be sent only to these hosts; instead of those of the profile.'),
  GATEHOUSE_FOLDER: z.string().default('.gatehouse').describe('Where embedded data and generated secrets are kept.'),
  GATEHOUSE_DEMO: flag().optional().describe('Demo data; default: yes with the embedded database, else no.'),
  GATEHOUSE_DEMO_PASSWORD: z.string().min(8).optional().describe('Password of the demo accounts. Default: random.'),
  GATEHOUSE_DEMO_API_KEY: z.string().min(16).optional().describe('API key of the demo tenant acme. Default: random.'),
  GATEHOUSE_ADMIN_TOKEN: z.string().min(16).optional().describe('Bearer of the admin API. Default: random.'),
  GATEHOUSE_ALLOW_EMBEDDED: flag().default(false).describe('Lets embedded parts run in production.'),
  DATABASE_URL: url('postgres', 'postgresql').optional().describe('Default: embedded.'),
  DATABASE_OWNER_URL: url('postgres', 'postgresql').optional().describe('Default: DATABASE_URL.'),
  REDIS_URL: url('redis', 'rediss').optional().describe('Default: embedded.'),
  NATS_URL: url('nats', 'tls').optional().describe('Default: embedded.'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('warn').describe('Least level.'),
  NODE_ENV: z
    .string()
    .optional()
    .describe('`production` refuses embedded parts, and catalogs that are made for tests.'),
})
