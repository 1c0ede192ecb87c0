import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { createPageTickets } from './page-tickets.ts'

const KEY = 'k'.repeat(32)
const ada = { tenant: 'acme', subject: 'person_ada' }

function open() {
  const clock = { at: 1_700_000_000_500, now: () => clock.at }
  return { clock, tickets: createPageTickets({ key: KEY, clock }) }
}

test('a page that a call leads to is for the person whose call it was: with the address of another nobody gets on [S-EL-11]', async (t) => {
  const { tickets } = open()
  const ticket = tickets.seal(ada, 'payment/7')
  t.equal(tickets.open(ticket, ada), 'payment/7')
  t.equal(tickets.open(ticket, { ...ada, subject: 'person_eve' }), undefined, 'somebody else')
  t.equal(tickets.open(ticket, { ...ada, tenant: 'globex' }), undefined, 'the same person for another organisation')
  t.match(ticket, /^[A-Za-z0-9_.-]+$/, 'it stands in an address as it is')
})

test('an address that was changed, made by somebody else, or is over opens nothing [S-EL-11]', async (t) => {
  const { tickets, clock } = open()
  const ticket = tickets.seal(ada, 'payment/7')
  const [said = '', tag = ''] = ticket.split('.')
  const eve = { tenant: 'acme', subject: 'person_eve' }
  const changed = JSON.stringify(['acme', 'person_eve', 2_000_000_000, 'payment/7'])
  const forged = Buffer.from(changed).toString('base64url')
  const others = createPageTickets({ key: 'o'.repeat(32), clock }).seal(eve, 'payment/7')
  for (const bad of [
    `${forged}.${tag}`,
    `${forged}.`,
    forged,
    others,
    `${ticket}.x`,
    `${said}x.${tag}`,
    '',
    '.',
    'null.',
  ]) {
    t.equal(tickets.open(bad, eve), undefined, bad)
    t.equal(tickets.open(bad, ada), undefined, bad)
  }
  clock.at += 599_000
  t.equal(tickets.open(ticket, ada), 'payment/7')
  clock.at += 1_000
  t.equal(tickets.open(ticket, ada), undefined)
  t.throws(() => createPageTickets({ key: 'short' }), TypeError)
})

test('no catalog that comes with Gatehouse leads anybody to a page, so none signs anybody in there [S-EL-14]', async (t) => {
  const catalogs = fileURLToPath(new URL('../../catalogs', import.meta.url))
  const sources = readdirSync(catalogs, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.includes('node_modules'),
  )
  t.ok(sources.length > 100, `${sources.length} sources`)
  const leading = sources.filter((file) =>
    /\bpage\b[^}]*\} from '@gatehouse\/catalog'|mode: 'url'/.test(readFileSync(join(catalogs, file), 'utf8')),
  )
  t.same(leading, [])
})
