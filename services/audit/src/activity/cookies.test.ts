import type { Sealer } from '@gatehouse/keyring'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { test } from 'tap'
import { createCookies } from './cookies.ts'

/** Says what it is about, and opens for nothing else. */
const sealer: Sealer = {
  seal: (about, plain) => Buffer.from(JSON.stringify([about, plain.toString()])).toString('base64url'),
  open: (about, sealed) => {
    const [of, plain] = JSON.parse(Buffer.from(sealed, 'base64url').toString())
    return of === about ? Buffer.from(plain) : undefined
  },
  openFresh: async (about, sealed) => sealer.open(about, sealed),
  close: () => undefined,
}

/** What a browser is given, and what it then sends. */
function browser(publicUrl: string) {
  const given: string[] = []
  const reply = { header: (_name: string, value: string) => given.push(value) } as unknown as FastifyReply
  const sending = (pairs: readonly string[]) => ({ headers: { cookie: pairs.join('; ') } }) as unknown as FastifyRequest
  return { cookies: createCookies({ publicUrl, sealer: async () => sealer }), given, reply, sending }
}
const pairOf = (cookie: string | undefined): string => cookie?.split(';', 1)[0] ?? ''

test('over https cookies are bound to the host and to https; none is for scripts, for other sites, or for long', async (t) => {
  const { cookies, given, reply, sending } = browser('https://gatehouse.example')
  await cookies.giveAttempt(reply, { state: 's', verifier: 'v', search: '', expiresAt: 1 })
  await cookies.giveToken(reply, 'token')
  cookies.clear(reply)
  t.equal(given.length, 5)
  for (const cookie of given)
    t.match(cookie, /^__Host-gatehouse-activity[^;]*; Path=\/; HttpOnly; SameSite=Lax; Secure(; Max-Age=\d+)?$/)
  t.match(given[0], /; Max-Age=900$/)
  t.notMatch(given[1], /Max-Age/, 'a session ends with the browser')
  for (const cookie of given.slice(2)) t.match(cookie, /=; .*; Max-Age=0$/)
  t.equal(await cookies.token(sending([pairOf(given[1])])), 'token')
  t.equal(
    await cookies.token(sending([pairOf(given[1]).replace('__Host-', '')])),
    undefined,
    'of another name it is none',
  )
})

test('on plain http, a laptop, there is no such prefix; a cookie of one kind is none of the other', async (t) => {
  const { cookies, given, reply, sending } = browser('http://localhost:4000')
  await cookies.giveAttempt(reply, { state: 's', verifier: 'v', search: '?a=b', expiresAt: 1 })
  await cookies.giveToken(reply, 'token')
  const [attempt, session] = [pairOf(given[0]), pairOf(given[1])]
  t.match(attempt, /^gatehouse-activity-attempt=/)
  t.match(await cookies.attempt(sending(['other=1', attempt])), { state: 's', search: '?a=b' })
  t.equal(await cookies.attempt(sending([`gatehouse-activity-attempt=${session.split('=')[1]}`])), undefined)
  t.equal(await cookies.token(sending([`gatehouse-activity=${attempt.split('=')[1]}`])), undefined)
  for (const pair of ['gatehouse-activity=a%3Bb', `gatehouse-activity=${'a'.repeat(8_193)}`, 'gatehouse-activity=', ''])
    t.equal(await cookies.token(sending([pair])), undefined, pair.slice(0, 40))
})
