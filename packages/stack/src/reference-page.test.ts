import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { orgdesign } from '@gatehouse/catalog-orgdesign'
import { loadProfile } from '@gatehouse/profiles'
import { test } from 'tap'
import { referencePage } from './reference-page.ts'

const PAGES = [{ profile: 'orgonaut', catalogs: [orgdesign] }]

for (const { profile, catalogs } of PAGES) {
  test(`the reference of ${profile} is the one that its catalog makes, with first calls; \`UPDATE=1\` writes it [O11]`, async (t) => {
    const file = new URL(`../../../docs/reference/${profile}.md`, import.meta.url)
    const expected = referencePage(loadProfile(profile), catalogs)
    if (process.env.UPDATE === '1') {
      mkdirSync(new URL('.', file), { recursive: true })
      writeFileSync(file, expected)
    }
    t.equal(readFileSync(file, 'utf8'), expected)
    for (const { name, examples = [] } of catalogs.flatMap(({ tools }) => tools)) {
      t.match(expected, `### \`${name}\``)
      t.ok(examples.length > 0, `${name} has a first call`)
    }
  })
}
