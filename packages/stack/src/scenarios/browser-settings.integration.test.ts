import { browser } from '@gatehouse/testkit'
import type { Page } from 'playwright-core'
import { test } from 'tap'
import { lookAfter } from '../screenshots/look-after.ts'
import { openBrowsedHouse } from './browsing.ts'
import { faultsOf, openSignedIn } from './watching.ts'

test('the pages where people and organisations look after themselves, in a browser', async (t) => {
  const house = await openBrowsedHouse(t)
  const launched = await browser(t)
  const { page, complaints } = await openSignedIn(t, launched, house)
  const seen: string[] = []
  const found: string[] = []
  const look = async (looked: Page, name: string) => {
    seen.push(name)
    found.push(...(await faultsOf(looked, name)))
  }
  await lookAfter(page, house, look)
  t.ok(seen.length >= 20)
  t.same(found, [], 'no barrier on any of them, in light and in dark, narrow and wide')
  t.same(complaints, [], 'nothing was blocked, and nothing failed')
})
