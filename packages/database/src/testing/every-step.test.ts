import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import type { Database } from '../port.ts'
import { sql } from '../sql.ts'
import { everyStep } from './test-database.ts'

const MIGRATIONS = {
  '0001-notes': 'create table notes (id integer primary key, text text not null)',
  '0002-meant': `update notes set text = 'two'; alter table notes add column more text`,
  '0003-links': 'create table links (id integer)',
  '0004-not-meant': `update notes set text = 'three'`,
  '0005-fewer': 'delete from notes',
  '0006-none': 'drop table notes',
}

test('what a migration changes, loses or leaves empty is told, unless it means to', async (t) => {
  const folder = temporaryFolder(t)
  const migrations = join(folder, 'source')
  mkdirSync(migrations)
  for (const [name, text] of Object.entries(MIGRATIONS)) writeFileSync(join(migrations, `${name}.sql`), `${text};\n`)
  const schema = { name: 'steps', role: 'gatehouse_steps', migrations: pathToFileURL(`${migrations}/`) }
  const fill = {
    1: (db: Database) => db.asPlatform('test', (tx) => tx.run(sql`insert into steps.notes values (1, 'one')`)),
  }
  const steps = temporaryFolder(t)
  t.same(await everyStep({ schema, folder: steps, fill, rewritten: { 2: ['notes.text'] } }), [
    '0003-links.sql: links has no row',
    '0004-not-meant.sql: notes has other rows than before',
    '0004-not-meant.sql: links has no row',
    '0005-fewer.sql: notes has other rows than before',
    '0005-fewer.sql: links has no row',
    '0005-fewer.sql: notes has no row',
    '0006-none.sql: notes is gone',
    '0006-none.sql: links has no row',
  ])
})
