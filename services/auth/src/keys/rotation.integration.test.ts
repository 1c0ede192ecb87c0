import { openDatabase } from '@gatehouse/database'
import { postgres } from '@gatehouse/testkit'
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { type Test, test } from 'tap'
import {
  ADMIN,
  authorize,
  exchangeForm,
  type House,
  newVerifier,
  openHouse,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const MINUTE = 60_000
const SCOPE = 'openid mcp:read offline_access'

async function twoNodes(t: Test, refreshRetrySeconds: number): Promise<readonly [House, House]> {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 8 })
  t.teardown(() => host.close())
  const one = await openHouse(t, { host, profile: { refreshRetrySeconds } })
  return [one, await openHouse(t, { host, profile: { refreshRetrySeconds } })]
}

/** A resource server: reads the key set when its copy is as old as it may be, and at no other time. */
function verifierOf(house: House, otherHouse: House) {
  let copy: { readonly keys: JSONWebKeySet; readonly until: number } | undefined
  let turn = 0
  return async (jwt: string, typ: string) => {
    if (copy === undefined || copy.until <= house.clock.now()) {
      turn += 1
      const answer = await (turn % 2 === 0 ? house : otherHouse).server.inject({ url: '/.well-known/jwks.json' })
      const maxAge = Number(/max-age=(\d+)/.exec(String(answer.headers['cache-control']))?.[1])
      copy = { keys: answer.json(), until: house.clock.now() + maxAge * 1_000 }
    }
    await jwtVerify(jwt, createLocalJWKSet(copy.keys), { typ, currentDate: new Date(house.clock.now()) })
  }
}

test('every ring is rotated on two nodes while codes, refreshes, repeats, userinfo and verifiers go on: nothing fails [A-JK-03, A-JK-05, A-OP-04]', async (t) => {
  const nodes = await twoNodes(t, 120)
  const [one, two] = nodes
  const verify = verifierOf(one, two)
  const visitors = nodes.map((node) => new Visitor(node))
  const { client_id: client } = await registerClient(one)
  const failures: string[] = []
  const count = { codes: 0, refreshes: 0, repeats: 0, userinfo: 0, verified: 0 }
  const usedKeys = { access: new Set<unknown>(), id: new Set<unknown>() }
  const good = (what: string, answer: { statusCode: number; body: string }) => {
    if (answer.statusCode !== 200) failures.push(`${what}: ${answer.statusCode} ${answer.body}`)
    return answer.statusCode === 200
  }
  /** Tokens that are still good, with the time until when. */
  const alive: { readonly jwt: string; readonly typ: string; readonly until: number }[] = []

  const check = async (tokens: { access_token: string; id_token?: string }, node: House) => {
    usedKeys.access.add(decodeProtectedHeader(tokens.access_token).kid)
    alive.push({ jwt: tokens.access_token, typ: 'at+jwt', until: one.clock.now() + 9 * MINUTE })
    if (tokens.id_token !== undefined) {
      usedKeys.id.add(decodeProtectedHeader(tokens.id_token).kid)
      alive.push({ jwt: tokens.id_token, typ: 'JWT', until: one.clock.now() + 9 * MINUTE })
    }
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    if (good('userinfo', await node.server.inject({ url: '/oauth/userinfo', headers }))) count.userinfo += 1
  }

  /** A code from one node is exchanged at the other; the family goes on from there. */
  const newFamily = async (at: 0 | 1): Promise<string[]> => {
    const verifier = newVerifier()
    const sent = await authorize(nodes[at], client, verifier, { scope: SCOPE }, visitors[at])
    const answer = await token(nodes[1 - at] as House, exchangeForm(client, sent.get('code') ?? '', verifier))
    if (!good('code', answer)) return []
    count.codes += 1
    await check(answer.json(), nodes[at])
    return [answer.json().refresh_token]
  }

  /** Refreshes at one node, and repeats the same and an older token at the other: the same successor. */
  const goOn = async (family: string[], at: 0 | 1, older = 2): Promise<void> => {
    const [here, there] = at === 0 ? nodes : [two, one]
    const presented = family.at(-1) ?? ''
    const answer = await token(here, refreshForm(client, presented))
    if (!good('refresh', answer)) return
    count.refreshes += 1
    family.push(answer.json().refresh_token)
    await check(answer.json(), there)
    const again = await Promise.all(family.slice(-1 - older, -1).map((one) => token(there, refreshForm(client, one))))
    for (const repeated of again) {
      if (!good('repeat', repeated)) continue
      count.repeats += 1
      if (repeated.json().refresh_token !== family.at(-1)) failures.push('a repeat got another successor')
    }
  }

  const rotate = async (node: House, ring: string, payload = {}) =>
    good(
      `rotation of ${ring}`,
      await node.server.inject({
        method: 'POST',
        url: `/admin/v1/keyrings/${ring}/rotate`,
        headers: { authorization: `Bearer ${ADMIN}` },
        payload,
      }),
    )

  const families = [await newFamily(0), await newFamily(1), await newFamily(0)]
  const RINGS = ['access', 'id', 'refresh']
  const rounds: Readonly<Record<number, () => Promise<unknown>>> = {
    // Both nodes at once, right after the verifier has taken its copy of the key set.
    1: () => Promise.all(RINGS.flatMap((ring) => nodes.map((node) => rotate(node, ring)))),
    31: () => Promise.all(RINGS.map((ring) => rotate(one, ring))),
    55: () => rotate(two, 'refresh', { now: true }),
  }
  for (let round = 0; round < 60; round += 1) {
    const at = (round % 2) as 0 | 1
    await Promise.all([
      rounds[round]?.(),
      ...families.map((family, n) => goOn(family, ((round + n) % 2) as 0 | 1)),
      ...(round % 6 === 0 ? [newFamily(at).then((family) => families.push(family))] : []),
    ])
    for (const { jwt, typ, until } of alive.splice(0)) {
      if (until <= one.clock.now()) continue
      alive.push({ jwt, typ, until })
      await verify(jwt, typ).then(
        () => (count.verified += 1),
        (error: unknown) => failures.push(`verify ${typ} in round ${round}: ${error}`),
      )
    }
    // Half of the retry window, so that a repeat may walk over a key's change.
    for (const node of nodes) node.clock.forward(50_000)
  }
  t.same(failures, [])
  t.ok(usedKeys.access.size >= 3 && usedKeys.id.size >= 3, 'three keys were used each')
  for (const [what, times] of Object.entries(count)) t.ok(times >= 10, `${what}: ${times}`)

  for (const node of nodes) node.clock.forward(26 * 60 * MINUTE)
  await Promise.all(families.map((family) => goOn(family, 0, 1)))
  t.same(failures, [], 'a day later the old keys are gone and the families live')
  t.equal((await one.auth.jwks()).keys.filter(({ alg }) => alg === 'ES256').length, 1)
})

test('with the strict rule a token that is reused after a rotation of the ring still ends its family', async (t) => {
  const [one, two] = await twoNodes(t, 0)
  const { client_id: client } = await registerClient(one)
  const verifier = newVerifier()
  const code = (await authorize(one, client, verifier, { scope: SCOPE })).get('code') ?? ''
  const first = (await token(one, exchangeForm(client, code, verifier))).json().refresh_token
  const second = (await token(one, refreshForm(client, first))).json().refresh_token
  await one.server.inject({
    method: 'POST',
    url: '/admin/v1/keyrings/refresh/rotate',
    headers: { authorization: `Bearer ${ADMIN}` },
    payload: { now: true },
  })
  for (const node of [one, two]) node.clock.forward(5_000)
  const third = (await token(two, refreshForm(client, second))).json().refresh_token
  t.type(third, 'string')
  for (const node of [one, two]) node.clock.forward(5_000)
  t.match((await token(two, refreshForm(client, second))).json(), { error: 'invalid_grant' })
  t.match((await token(one, refreshForm(client, third))).json(), { error: 'invalid_grant' }, 'the family has ended')
})
