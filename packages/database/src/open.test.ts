import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { FolderHeld } from './errors.ts'
import { openDatabase } from './open.ts'
import { sql } from './sql.ts'

const SCHEMA = {
  name: 'kept',
  role: 'gatehouse_contract_kept',
  migrations: new URL('../fixtures/kept/', import.meta.url),
}

test('an unknown scheme is refused by name', async (t) => {
  await t.rejects(openDatabase('mysql://localhost/x'), { message: 'no database driver for the scheme "mysql:"' })
})

test('what was committed to an embedded folder outlives a killed process, whose folder is then free', async (t) => {
  const folder = join(t.testdir({}), 'data')
  const script = `
    import { openDatabase, sql } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
    const host = await openDatabase(${JSON.stringify(`pglite:${folder}`)})
    await host.migrate([{ ...${JSON.stringify(SCHEMA)}, migrations: new URL(${JSON.stringify(SCHEMA.migrations.href)}) }])
    await host.as('${SCHEMA.role}').asPlatform('test', (tx) => tx.run(sql\`insert into kept.things values ('survives')\`))
    process.stdout.write('written')
    setInterval(() => {}, 1000)
  `
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const held = await openDatabase(`pglite:${folder}`).catch((error: unknown) => error)
  t.ok(held instanceof FolderHeld && held.pid === child.pid, 'the second is told who holds it')
  child.kill('SIGKILL')
  await once(child, 'exit')

  const host = await openDatabase(`pglite:${folder}`)
  t.teardown(() => host.close())
  await host.migrate([SCHEMA])
  const rows = await host.as(SCHEMA.role).asPlatform('test', (tx) => tx.rows(sql`select name from kept.things`))
  t.strictSame(rows, [{ name: 'survives' }])
  await host.close()
  t.strictSame(await readdir(folder), ['pgdata'])
})

test('a database that was closed says that it is unavailable', async (t) => {
  for (const url of ['pglite:', 'postgres://nobody@127.0.0.1:9/none']) {
    const host = await openDatabase(url)
    await host.close()
    await t.rejects(host.as('gatehouse_contract_kept').ping(), { name: 'DatabaseUnavailable' })
    await t.rejects(
      host.listen('x', () => {}),
      { name: 'DatabaseUnavailable' },
    )
  }
})

test('a server that is not there is unavailable at once, and opening does not fail', async (t) => {
  const host = await openDatabase('postgres://nobody@127.0.0.1:9/none')
  t.teardown(() => host.close())
  const db = host.as('gatehouse_contract_kept')
  await t.rejects(
    db.asTenant('acme', async () => {}),
    { name: 'DatabaseUnavailable', maybeCommitted: false },
  )
  await t.rejects(host.migrate([SCHEMA]), { name: 'DatabaseUnavailable' })
})
