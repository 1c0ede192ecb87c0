import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { auditSchema } from '@gatehouse/audit'
import { authSchema } from '@gatehouse/auth'
import { openDatabase, sql } from '@gatehouse/database'
import { mcpSchema } from '@gatehouse/mcp'
import { findPostgres, postgres, temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { commandsIn, linesOf } from './docs-commands.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const page = 'docs/deploy.md'
const own = 'packages/stack/src/deploy/backup.integration.test.ts'
const commands = commandsIn(page, readFileSync(join(root, page), 'utf8'))
  .filter(({ runBy }) => runBy === own)
  .flatMap(({ text }) => linesOf(text))

test('a database is restored from its backup with the rights of its rows, and migrated as it stands', async (t) => {
  const [from, to] = await Promise.all([postgres(t, { private: true }), postgres(t, { private: true })])
  const schemas = [authSchema, mcpSchema, auditSchema]
  const before = await openDatabase(from.url)
  await before.migrate(schemas)
  await before.as(mcpSchema.role).asPlatform('test', (tx) =>
    tx.run(sql`
      insert into mcp.tasks (id, tenant, subject, tool, status, outcome, expires_at)
      values (${'a'.repeat(24)}, 't1', 'p1', 'entry.create', 'completed', '{}', now() + interval '1 hour')`),
  )
  await before.close()
  const folder = temporaryFolder(t)
  const bin = findPostgres() ?? dirname('/usr/bin/pg_dump')
  const run = (command: string, url: string) =>
    execFileSync('bash', ['-c', command], {
      cwd: folder,
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, DATABASE_OWNER_URL: url },
    })
  // Roles are the server's, not the database's; a restore begins with them.
  execFileSync(join(bin, 'psql'), [to.url, '-qc', ROLES])
  const [dump = 'false', restore = 'false'] = commands
  run(dump, from.url)
  run(restore, to.url)

  const after = await openDatabase(to.url)
  t.teardown(() => after.close())
  await after.migrate(schemas)
  const seen = (tenant: string) =>
    after.as(mcpSchema.role).asTenant(tenant, (tx) => tx.rows(sql`select id from mcp.tasks`))
  t.equal((await seen('t1')).length, 1)
  t.equal((await seen('t2')).length, 0, 'rows are still their tenant’s alone')
})

const ROLES = ['auth', 'mcp', 'audit']
  .map((name) => `create role gatehouse_${name} nologin nosuperuser nobypassrls nocreatedb nocreaterole`)
  .join(';')
