import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { t as file, type Test, test } from 'tap'
import { NODE_ARGS } from '../cluster/process.ts'
import { call, findObjects } from './objects.ts'
import { kindsOf, pickOf } from './probes.ts'
import { PROFILES } from './profiles.ts'
import { control, probe } from './run.ts'
import { setPolicies, shown, tablesOfTenants } from './tables.ts'
import { openWorld, type World } from './world.ts'

// Machines that test are slow; a million probes take their time.
const all = Number(process.env.GATEHOUSE_PROBES ?? 20_000)
const seed = Number(process.env.GATEHOUSE_SEED ?? Date.now() % 1_000_000)
file.setTimeout(Math.max(300_000, all * 20))

/** One profile alone, where each has a process of its own. */
const only = process.env.GATEHOUSE_PROBED_PROFILE

for (const profile of only === undefined ? PROFILES : [only]) {
  const probes = Math.ceil(all / PROFILES.length)
  test(`${profile}: nothing of another tenant is shown or changed, whatever is asked for by whatever name [U8]`, async (t) => {
    t.comment(`seed ${seed}`)
    const world = await openWorld(t, profile)
    const there = await findObjects(world)
    t.ok(there.ids.length >= 20 && there.tools.length >= 3, `${there.ids.length} ids, ${there.uris.length} URIs`)
    const kinds = await kindsOf(world, there)

    await t.test('each kind of probe finds something when the owner does the same', async (t) => {
      const pick = pickOf(seed)
      for (const kind of kinds) t.ok(await control(world, kind, pick), kind.name)
    })

    await t.test(`${probes} probes: not one canary, and not one row is another`, async (t) => {
      const before = await world.digest()
      const {
        aimed,
        perKind,
        found,
        probes: sent,
      } = await probe(world, kinds, { probes, seed, say: (text) => t.comment(text) })
      t.comment(JSON.stringify(perKind))
      t.same(found, [])
      t.ok(sent >= probes)
      t.ok(aimed / sent >= 0.8, `${aimed} of ${sent} aim at what exists`)
      t.equal(await world.digest(), before, 'rows of the other tenant are what they were')
      await stillThere(t, world)
    })

    await t.test('each table hides the rows of others by its policy, whatever is asked', async (t) => {
      const tables = await tablesOfTenants(world)
      const open: string[] = []
      for (const table of tables) if ((await shown(world, table)).shown > 0) open.push(table.name)
      t.same(open, [])
      await setPolicies(world, tables, 'disable')
      const seen = await Promise.all(tables.map((table) => shown(world, table)))
      await setPolicies(world, tables, 'enable')
      const filled = seen.filter(({ there }) => there > 0)
      t.same(
        filled,
        seen.filter(({ shown }) => shown > 0),
        'without it all of them are shown',
      )
      t.ok(filled.length >= 10, `${filled.length} of ${tables.length} tables have such rows`)
    })

    await t.test('without the policies of the tables the same probes find a canary', async (t) => {
      const tables = (await tablesOfTenants(world)).filter(({ name }) =>
        world.schemas.includes(name.split('.')[0] ?? ''),
      )
      await setPolicies(world, tables, 'disable')
      const { found, probes: sent } = await probe(world, kinds, { probes: 2_000, seed: seed + 1 })
      await setPolicies(world, tables, 'enable')
      t.ok(found.length > 0, `found after ${sent}`)
      t.same((await probe(world, kinds, { probes: 300, seed: seed + 1 })).found, [], 'with them again none')
    })
  })
}

test('with a decision that allows everything the probes find it out', { skip: only !== undefined }, async (t) => {
  const main = fileURLToPath(new URL('./without-decision.main.ts', import.meta.url))
  const child = spawn(process.execPath, [...NODE_ARGS, main], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  await once(child, 'close')
  t.match(said, /found [1-9]/)
})

/** What the stranger reached for is still good, and so is what the stranger reached with: else the last probes said nothing. */
async function stillThere(t: Test, world: World): Promise<void> {
  for (const { token, key, readKey = token, pages } of [world.owner, world.stranger]) {
    for (const credential of [token, key, readKey]) t.ok((await call(world, credential, 'tools/list')).done)
    t.match(await pages.get('/'), { status: 200 })
  }
}
