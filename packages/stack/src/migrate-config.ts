import { flag, natsUrl, secret, url } from '@gatehouse/config'
import { z } from 'zod'

/** What the migration step may be told. */
export const migrateConfig = z.object({
  GATEHOUSE_PROFILE: z.string().default('align').describe('Name or file of the profile.'),
  DATABASE_URL: url('postgres', 'postgresql').describe('Where the services will look.'),
  DATABASE_OWNER_URL: url('postgres', 'postgresql').optional().describe('Who migrates. Default: DATABASE_URL.'),
  NATS_URL: natsUrl().describe('Where the streams are made.'),
  NATS_REPLICAS: z.coerce
    .number()
    .int()
    .min(1)
    .max(5)
    .optional()
    .describe(
      'Copies of each stream in a NATS cluster. Default: one for a new stream, unchanged for one that is there.',
    ),
  GATEHOUSE_SECRET: secret().optional().describe('Needed with demo data only.'),
  GATEHOUSE_DEMO: flag().default(false).describe('Fills an empty house with demo data.'),
  GATEHOUSE_DEMO_PASSWORD: secret().optional().describe('Password of the demo accounts.'),
  GATEHOUSE_DEMO_API_KEY: secret().optional().describe('API key of the demo tenant acme.'),
  NODE_ENV: z.string().optional().describe('`production` refuses catalogs that are made for tests.'),
})
