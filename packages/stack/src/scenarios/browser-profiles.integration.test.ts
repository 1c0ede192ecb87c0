import { sitesOf } from '@gatehouse/profiles'
import { browser } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { walkProfile } from '../screenshots/walk-profile.ts'
import { runningHouse } from './running.ts'
import { COLOURS, faultsOf, open } from './watching.ts'

// Machines that test are slow; tap's own limit is half a minute.
file.setTimeout(170_000)

const launched = await browser(file)

// Those of `align` are looked at in `browser-settings.integration.test.ts`, every view by itself in `packages/pages`.
for (const name of ['orgonaut', 'azalt', 'audigyd']) {
  test(`the pages of ${name}, each that its navigation names and those before and after: colours that can be read, nothing blocked, nothing that reaches out`, async (t) => {
    const house = await runningHouse(t, { profile: name })
    const { page, complaints } = await open(t, launched)
    const seen: string[] = []
    const found: string[] = []
    await walkProfile(page, house, async (looked, shown) => {
      seen.push(shown)
      found.push(...(await faultsOf(looked, shown, COLOURS)))
    })
    t.ok(seen.length >= 8, seen.join(', '))
    t.same(found, [])
    const { byHost } = sitesOf(house.profile, house.publicUrl)
    // A browser that asks a name of its own machine says so where the scheme is http.
    t.same(byHost ? complaints.filter((complaint) => !complaint.includes('insecure')) : complaints, [])
  })
}
