import { browser } from '@gatehouse/testkit'
import type { Page } from 'playwright-core'
import { test } from 'tap'
import { lookAfter } from '../screenshots/look-after.ts'
import { openBrowsedHouse } from './browsing.ts'
import { barriers, openSignedIn } from './watching.ts'

const WIDE = { width: 1_000, height: 800 }
const NARROW = { width: 360, height: 700 }

/** In the page: how much wider its content is than its window. */
const OVERHANG = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

test('the pages where people and organisations look after themselves, in a browser', async (t) => {
  const house = await openBrowsedHouse(t)
  const launched = await browser(t)
  const { page, complaints } = await openSignedIn(t, launched, house)
  const seen: string[] = []
  const found: string[] = []
  const look = async (looked: Page, name: string) => {
    seen.push(name)
    for (const colorScheme of ['light', 'dark'] as const) {
      await looked.emulateMedia({ colorScheme })
      found.push(...(await barriers(looked)).map((barrier) => `${name}, ${colorScheme}: ${barrier}`))
    }
    for (const size of [NARROW, WIDE]) {
      await looked.setViewportSize(size)
      t.ok((await looked.evaluate<number>(OVERHANG)) <= 0, `${name}: nothing reaches out of ${size.width} pixels`)
    }
  }
  await lookAfter(page, house, look)
  t.ok(seen.length >= 20)
  t.same(found, [], 'no barrier on any of them, in light and in dark')
  t.same(complaints, [], 'nothing was blocked, and nothing failed')
})
