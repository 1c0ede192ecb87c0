import { test } from 'tap'
import { createStanding } from './standing.ts'

const open = (introspect: Parameters<typeof createStanding>[0]['introspect']) => {
  const clock = { at: 1_000_000, now: () => clock.at }
  const failed: unknown[] = []
  return { clock, failed, standing: createStanding({ introspect, clock, failed: (error) => failed.push(error) }) }
}

test('auth is asked once a second about a credential, and at once about another [S-AU-16]', async (t) => {
  const asked: string[] = []
  const { standing, clock } = open(async (credential) => {
    asked.push(credential)
    return { active: credential === 'good', ...(credential === 'good' ? { tenant_status: 'active' as const } : {}) }
  })
  t.same(await Promise.all([standing('good'), standing('good')]), ['active', 'active'])
  t.equal(await standing('bad'), 'inactive')
  clock.at += 999
  await standing('good')
  t.same(asked, ['good', 'bad'])
  clock.at += 1
  await standing('good')
  t.same(asked, ['good', 'bad', 'good'])
})

test('a suspended workspace is told apart; silence of auth is no word about the credential', async (t) => {
  t.equal(await open(async () => ({ active: true, tenant_status: 'suspended' })).standing('a'), 'suspended')
  const silent = open(() => Promise.reject(new Error('away')))
  t.equal(await silent.standing('a'), 'away')
  t.equal(await silent.standing('a'), 'away')
  t.equal(silent.failed.length, 1, 'and is not asked again within a second')
  t.equal(await open(undefined).standing('a'), 'away')
})
