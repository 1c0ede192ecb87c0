import { browser } from '@gatehouse/testkit'
import { test } from 'tap'
import { lookAfter } from '../screenshots/look-after.ts'
import { openBrowsedHouse } from './browsing.ts'
import { barriers, openSignedIn } from './watching.ts'

test('the pages where people and organisations look after themselves, in a browser', async (t) => {
  const house = await openBrowsedHouse(t)
  const launched = await browser(t)
  const { page, complaints } = await openSignedIn(t, launched, house)
  const seen: string[] = []
  const found: string[] = []
  await lookAfter(page, house, async (looked, name) => {
    seen.push(name)
    found.push(...(await barriers(looked)))
    const { scrollWidth, clientWidth } = await looked.evaluate<{ scrollWidth: number; clientWidth: number }>(
      '({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth })',
    )
    t.ok(scrollWidth <= clientWidth, `${name}: nothing is wider than the page`)
  })
  t.ok(seen.length >= 20)
  t.same(found, [], 'no barrier on any of them')
  t.same(complaints, [], 'nothing was blocked, and nothing failed')
})
