import { readFileSync, writeFileSync } from 'node:fs'
import { orgdesign } from '@gatehouse/catalog-orgdesign'
import { sustainability } from '@gatehouse/catalog-sustainability'
import { tracker } from '@gatehouse/catalog-tracker'
import { test } from 'tap'
import { eventsPage } from './events-page.ts'

test('the events page is the one that the schemas make; `UPDATE=1` writes it', async (t) => {
  const file = new URL('../../../docs/events.md', import.meta.url)
  const catalogs = [tracker, orgdesign, sustainability]
  const expected = eventsPage(
    catalogs.map(({ name, changes }) => ({ name, kinds: changes.map((change) => change.kind) })),
  )
  if (process.env.UPDATE === '1') writeFileSync(file, expected)
  t.equal(readFileSync(file, 'utf8'), expected)
})
