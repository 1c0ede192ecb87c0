import { sql } from '@gatehouse/database'
import { test } from 'tap'
import {
  ADMIN,
  connect,
  linkIn,
  ORIGIN,
  openHouse,
  outboxOf,
  PASSWORD,
  refreshForm,
  token,
  Visitor,
} from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'

const FORGOT = '/sign-in/forgot-password'
const csrfOf = (html: string): string => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
const NEW = 'a very new pass phrase'

test('links by mail', async (t) => {
  const house = await openHouse(t)
  const tenant = house.tenants[0]?.id ?? ''
  const forgot = async (email: string, visitor = new Visitor(house)) => {
    const csrf = csrfOf((await visitor.get(FORGOT)).body)
    return visitor.post(FORGOT, { csrf, email })
  }
  const setPassword = async (path: string, password: string, more: Record<string, string> = {}) => {
    const visitor = new Visitor(house)
    const page = await visitor.get(path)
    return page.statusCode === 200 ? visitor.submit(page, { password, ...more }) : page
  }

  await t.test('who forgot their password gets a link, sets one, and every session ends', async (t) => {
    const before = new Visitor(house)
    await before.signIn('viewer@acme.test')
    t.match((await new Visitor(house).get('/sign-in')).body, `href="${FORGOT}"`)
    t.match((await forgot('Viewer@acme.test')).body, 'Look into your mail')
    const mail = await house.mails.next()
    t.match(mail, { to: 'viewer@acme.test', subject: 'Set a new password for Align' })
    const path = linkIn(mail)
    t.match(path, /^\/sign-in\/new-password\?link=[A-Za-z0-9_-]{43}$/)
    const page = await new Visitor(house).get(path)
    t.match(page.headers, { 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
    t.match((await setPassword(path, 'short')).body, 'Use at least 12 characters')
    const done = await setPassword(path, NEW)
    t.match(done.body, 'Your password is set.')
    t.equal((await before.get('/')).headers.location, '/sign-in')
    t.equal((await new Visitor(house).signIn('viewer@acme.test')).statusCode, 403)
    t.equal((await new Visitor(house).signIn('viewer@acme.test', NEW)).statusCode, 200)
    t.match(await house.mails.next(), { to: 'viewer@acme.test', subject: /was changed/ })
    t.equal((await setPassword(path, `${NEW} again`)).statusCode, 410, 'once')
    const rows = await house.db.asPlatform('test', (tx) => tx.rows(sql`select * from auth.one_time_links`))
    t.notMatch(JSON.stringify(rows), path.split('=')[1] ?? 'x', 'only its hash is kept')
  })

  await t.test('the answer is the same for an address that nobody has; no letter leaves', async (t) => {
    const [known, unknown] = [await forgot('member@acme.test'), await forgot('nobody@acme.test')]
    const plain = (html: string) => html.replace(/value="[^"]*"/g, '')
    t.equal(plain(known.body), plain(unknown.body))
    t.equal(known.statusCode, unknown.statusCode)
    t.same(Object.keys(known.headers).sort(), Object.keys(unknown.headers).sort())
    t.match(await house.mails.next(), { to: 'member@acme.test' })
    await forgot('admin@acme.test')
    t.match(await house.mails.next(), { to: 'admin@acme.test' }, 'the one after it: none to nobody')
    t.equal((await forgot('no address')).statusCode, 400)
  })

  await t.test(
    'a link is over after an hour; another one for the same person ends with the first that is used',
    async (t) => {
      const link = async () => {
        const { id } = house.tenants[0]?.people.find(({ email }) => email === 'member@acme.test') ?? { id: '' }
        const made = await operate(house, ADMIN, 'POST', `/people/${id}/password-link`, {})
        t.match(made, { sent: false, link: `${ORIGIN}/sign-in/new-password?link=` })
        return String(made.link).slice(ORIGIN.length)
      }
      const late = await link()
      house.clock.forward(3_600_001)
      t.equal((await new Visitor(house).get(late)).statusCode, 410)
      const [first, second] = [await link(), await link()]
      t.equal((await setPassword(first, NEW)).statusCode, 200)
      t.equal((await new Visitor(house).get(second)).statusCode, 410)
      await house.mails.next()
    },
  )

  await t.test(
    'a password that is changed by its owner ends the links that were sent before, and a letter says so',
    async (t) => {
      const { id } = house.tenants[1]?.people.find(({ email }) => email === 'member@globex.test') ?? { id: '' }
      const made = await operate(house, ADMIN, 'POST', `/people/${id}/password-link`, {})
      const path = String(made.link).slice(ORIGIN.length)
      const member = new Visitor(house)
      await member.signIn('member@globex.test')
      const csrf = csrfOf((await member.get('/settings/security')).body)
      t.match(
        (await member.post('/settings/security/password', { csrf, current: PASSWORD, password: NEW })).body,
        'is changed',
      )
      t.match(await house.mails.next(), { to: 'member@globex.test', subject: /was changed/ })
      t.equal((await new Visitor(house).get(path)).statusCode, 410)
    },
  )

  await t.test('with the password what applications may do can be taken back', async (t) => {
    const { id } = house.tenants[0]?.people.find(({ email }) => email === 'member@acme.test') ?? { id: '' }
    await house.db.asPlatform('test', (tx) =>
      tx.run(sql`update auth.people set password_hash = (select password_hash from auth.people where email = 'owner@acme.test')
        where id = ${id}`),
    )
    const tokens = await connect(house)
    const made = await operate(house, ADMIN, 'POST', `/people/${id}/password-link`, { send: true })
    t.match(made, { sent: true })
    const done = await setPassword(linkIn(await house.mails.next()), PASSWORD.repeat(2), { applications: 'revoke' })
    t.equal(done.statusCode, 200)
    t.equal((await token(house, refreshForm(tokens.client, tokens.refresh_token))).statusCode, 400)
    await house.mails.next()
  })

  await t.test('who asks again and again fills no mailbox', async (t) => {
    for (let count = 0; count < 8; count += 1) await forgot('owner@globex.test')
    await forgot('admin@globex.test')
    const letters: string[] = []
    while (letters.at(-1) !== 'admin@globex.test') letters.push((await house.mails.next()).to)
    t.ok(letters.filter((to) => to === 'owner@globex.test').length <= 5)
    let last = 200
    for (let count = 0; count < 20 && last === 200; count += 1) last = (await forgot(`n${count}@x.test`)).statusCode
    t.equal(last, 429)
    house.clock.forward(3_600_001)
  })

  const invited = async (email: string, role = 'member') => {
    const owner = new Visitor(house)
    await owner.signIn('owner@acme.test')
    const csrf = csrfOf((await owner.get('/settings/members')).body)
    const page = await owner.post('/settings/members/invite', { csrf, email, role })
    t.match(page.body, `An invitation is on its way to ${email}.`)
    t.notMatch(page.body, '/settings/invitation?', 'whoever invites cannot take it in their place')
    return linkIn(await house.mails.next(email, '/settings/invitation?'))
  }

  await t.test('an invitation by mail makes an account, a member of that role, once', async (t) => {
    const path = await invited('rosa@new.test', 'admin')
    const visitor = new Visitor(house)
    const page = await visitor.get(path)
    t.match(page.body, /Join[\s\S]*Acme Industries[\s\S]*rosa@new\.test[\s\S]*admin/)
    t.equal((await visitor.submit(page, { name: 'Rosa Ek', password: 'short' })).statusCode, 400)
    const home = await visitor.submit(await visitor.get(path), { name: 'Rosa Ek', password: NEW })
    t.match(home.body, /Rosa Ek[\s\S]*Acme Industries/)
    t.equal((await new Visitor(house).get(path)).statusCode, 410)
    t.equal((await new Visitor(house).signIn('rosa@new.test', NEW)).statusCode, 200)
    const people = await operate(house, ADMIN, 'GET', `/tenants/${tenant}/people`)
    t.match(
      people.people.find((one: { email: string }) => one.email === 'rosa@new.test'),
      { role: 'admin' },
    )
  })

  await t.test('who has an account joins when they are signed in to it, and nobody else does', async (t) => {
    const path = await invited('owner@globex.test')
    const stranger = new Visitor(house)
    const page = await stranger.get(path)
    t.match(page.body, 'That address has an account.')
    t.notMatch(page.body, 'name="password"', 'a link alone gives no password to an account that has one')
    const posted = await stranger.post('/settings/invitation', {
      ...{ csrf: csrfOf((await stranger.get(FORGOT)).body), link: path.split('=')[1] ?? '', name: 'X', password: NEW },
    })
    t.equal(posted.statusCode, 409)
    const other = new Visitor(house)
    await other.signIn('viewer@globex.test')
    t.match((await other.get(path)).body, 'You are signed in as somebody else')
    const invitee = new Visitor(house)
    const back = /href="(\/sign-in\?next[^"]+)"/.exec(page.body)?.[1] ?? ''
    const signIn = await invitee.get(back.replaceAll('&#38;', '&').replaceAll('&#61;', '='))
    const join = await invitee.submit(signIn, { email: 'owner@globex.test', password: PASSWORD })
    t.match(join.body, />Join</)
    t.equal((await invitee.submit(join, {})).statusCode, 200)
    const account = await operate(house, ADMIN, 'GET', '/people?email=owner%40globex.test')
    t.match(account.people[0].memberships, [{ role: 'member' }, { role: 'owner' }])
  })

  await t.test('an invitation that is taken back is over, and so is its link', async (t) => {
    const path = await invited('late@new.test')
    const owner = new Visitor(house)
    await owner.signIn('owner@acme.test')
    const page = (await owner.get('/settings/members')).body
    const invitation = /name="invitation" value="([^"]+)"/.exec(page)?.[1] ?? ''
    t.match((await owner.post('/settings/members/uninvite', { csrf: csrfOf(page), invitation })).body, 'taken back')
    t.equal((await new Visitor(house).get(path)).statusCode, 410)
    const made = await operate(house, ADMIN, 'POST', `/tenants/${tenant}/invitations`, {
      email: 'b@new.test',
      role: 'viewer',
    })
    t.match(made, { sent: false, link: `${ORIGIN}/settings/invitation?link=` })
    house.clock.forward(15 * 86_400_000)
    t.equal((await new Visitor(house).get(String(made.link).slice(ORIGIN.length))).statusCode, 410, 'two weeks')
  })
})

test('members', async (t) => {
  const house = await openHouse(t)
  const signedIn = async (email: string) => {
    const visitor = new Visitor(house)
    await visitor.signIn(email)
    const csrf = csrfOf((await visitor.get('/settings/profile')).body)
    return {
      get: (path: string) => visitor.get(path),
      post: (form: string, fields: Record<string, string> = {}) =>
        visitor.post(`/settings/${form}`, { csrf, ...fields }),
    }
  }
  const idOf = (email: string) => house.tenants[0]?.people.find((one) => one.email === email)?.id ?? ''
  const [owner, admin] = [await signedIn('owner@acme.test'), await signedIn('admin@acme.test')]

  await t.test('an administrator changes roles below their own, and never who owns the organisation', async (t) => {
    const done = await admin.post('members/role', { person: idOf('viewer@acme.test'), role: 'member' })
    t.match(done.body, 'The role is changed.')
    t.match((await outboxOf(house.db)).at(-1), {
      event: { data: { kind: 'membership', person: idOf('viewer@acme.test'), reason: 'role.changed' } },
    })
    for (const fields of [
      { person: idOf('admin@acme.test'), role: 'owner' },
      { person: idOf('owner@acme.test'), role: 'member' },
    ]) {
      t.equal((await admin.post('members/role', fields)).statusCode, 403, JSON.stringify(fields))
    }
    t.equal((await admin.post('members/remove', { person: idOf('owner@acme.test') })).statusCode, 403)
    t.equal((await admin.post('members/invite', { email: 'a@b.test', role: 'owner' })).statusCode, 403)
    t.equal((await admin.post('members/role', { person: idOf('viewer@acme.test'), role: 'emperor' })).statusCode, 400)
    const elsewhere = house.tenants[1]?.people[0]?.id ?? ''
    t.equal((await admin.post('members/role', { person: elsewhere, role: 'viewer' })).statusCode, 404)
    t.equal((await admin.post('members/remove', { person: elsewhere })).statusCode, 404)
    const member = await signedIn('member@acme.test')
    t.equal((await member.post('members/remove', { person: idOf('viewer@acme.test') })).statusCode, 403)
  })

  await t.test('an administrator neither takes back nor replaces an invitation above their own role', async (t) => {
    const email = 'next-owner@new.test'
    t.match((await owner.post('members/invite', { email, role: 'owner' })).body, 'is on its way')
    const waiting = () =>
      house.db.asPlatform('test', (tx) =>
        tx.rows<{ id: string; role: string }>(sql`select id, role from auth.invitations where email = ${email}`),
      )
    const [made] = await waiting()
    t.equal((await admin.post('members/uninvite', { invitation: made?.id ?? '' })).statusCode, 403)
    t.equal((await admin.post('members/invite', { email: email.toUpperCase(), role: 'viewer' })).statusCode, 403)
    t.same(await waiting(), [made], 'it is as it was')
    t.match((await owner.post('members/uninvite', { invitation: made?.id ?? '' })).body, 'taken back')
    t.match((await admin.post('members/invite', { email, role: 'viewer' })).body, 'is on its way')
  })

  await t.test('the last owner stays: not demoted, not removed, not gone by themselves, by nobody', async (t) => {
    const person = idOf('owner@acme.test')
    const tenant = house.tenants[0]?.id ?? ''
    t.match((await owner.post('members/role', { person, role: 'member' })).body, 'That is the only owner')
    t.equal((await owner.post('members/remove', { person })).statusCode, 409)
    t.equal((await owner.post('profile/leave', { tenant })).statusCode, 409)
    t.equal((await owner.post('profile/delete', { password: PASSWORD })).statusCode, 409)
    for (const [method, path, body] of [
      ['PATCH', `/tenants/${tenant}/people/${person}`, { role: 'member' }],
      ['DELETE', `/tenants/${tenant}/people/${person}`, undefined],
      ['DELETE', `/people/${person}`, undefined],
    ] as const) {
      t.match(await operate(house, ADMIN, method, path, body), { httpStatus: 409, error_description: /only owner/ })
    }
    await owner.post('members/role', { person: idOf('admin@acme.test'), role: 'owner' })
    t.match((await owner.post('members/role', { person, role: 'admin' })).body, 'The role is changed.')
  })

  await t.test('a removed member and one who leaves lose what they held there', async (t) => {
    const tokens = await connect(house)
    const second = await signedIn('admin@acme.test')
    const removed = await second.post('members/remove', { person: idOf('member@acme.test') })
    t.match(removed.body, 'They no longer belong')
    t.equal((await token(house, refreshForm(tokens.client, tokens.refresh_token))).statusCode, 400)
    const consultant = await signedIn('consultant@example.test')
    const [acme, globex] = house.tenants
    await consultant.post('profile/leave', { tenant: acme?.id ?? '' })
    t.match((await consultant.get('/')).body, 'Globex Corporation')
    t.equal((await consultant.post('profile/leave', { tenant: acme?.id ?? '' })).statusCode, 404)
    t.equal((await consultant.post('profile/leave', { tenant: globex?.id ?? '' })).statusCode, 303)
    t.equal((await consultant.get('/')).statusCode, 200, 'who belongs nowhere still has an account')
  })

  await t.test('a person renames and deletes their account, with their password', async (t) => {
    const viewer = await signedIn('viewer@globex.test')
    t.match((await viewer.post('profile/name', { name: 'Priya R.' })).body, 'value="Priya R."')
    t.equal((await viewer.post('profile/name', { name: ' ' })).statusCode, 400)
    t.equal((await viewer.post('profile/delete', { password: 'guess' })).statusCode, 403)
    t.match((await viewer.post('profile/delete', { password: PASSWORD })).body, 'You are signed out')
    t.equal((await new Visitor(house).signIn('viewer@globex.test')).statusCode, 403)
    const rows = await house.db.asPlatform('test', (tx) => tx.rows(sql`select email, name from auth.people`))
    t.notMatch(JSON.stringify(rows), /Priya|viewer@globex/)
  })

  await t.test('members of a suspended organisation are sent to where it says who can help [L21]', async (t) => {
    const initech = house.tenants[2]?.id ?? ''
    await operate(house, ADMIN, 'PATCH', `/tenants/${initech}`, { status: 'suspended' })
    const member = await signedIn('member@initech.test')
    t.equal((await member.get('/')).headers.location, '/settings/billing')
    const page = await member.get('/settings/billing')
    t.match(
      page.body,
      /Initech[\s\S]*is suspended[\s\S]*What it has is kept[\s\S]*Helen Marsh[\s\S]*owner@initech\.test/,
    )
    await operate(house, ADMIN, 'PATCH', `/tenants/${initech}`, { status: 'active' })
    t.equal((await member.get('/settings/billing')).headers.location, '/')
  })
})

test('by host an invitation leads to the host of its organisation, and joins there', async (t) => {
  const tenancy = { by: 'host', account: 'pinned', host: '{tenant}.{host}', issuer: 'origin' } as const
  const house = await openHouse(t, { profile: { tenancy } })
  const [acme] = house.tenants
  const invited = { email: 'ines@new.test', role: 'viewer' }
  const made = await operate(house, ADMIN, 'POST', `/tenants/${acme?.id}/invitations`, invited)
  const link = new URL(String(made.link))
  t.equal(link.host, 'acme.align.example')
  const ask = (method: 'GET' | 'POST', cookie?: string, payload?: string) =>
    house.server.inject({
      method,
      url: `${link.pathname}${method === 'GET' ? link.search : ''}`,
      headers: {
        host: link.host,
        ...(cookie === undefined ? {} : { cookie }),
        ...(payload === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(payload === undefined ? {} : { payload }),
    })
  const page = await ask('GET')
  t.match(page.body, /Join[\s\S]*Acme Industries/)
  const [cookie = ''] = String(page.headers['set-cookie']).split(';', 1)
  const form = { csrf: csrfOf(page.body), link: link.searchParams.get('link') ?? '', name: 'Ines', password: NEW }
  const joined = await ask('POST', cookie, new URLSearchParams(form).toString())
  t.equal(joined.statusCode, 303)
  const [own = ''] = [joined.headers['set-cookie']]
    .flat()
    .map(String)
    .map((one) => one.split(';', 1)[0] ?? '')
  const home = await house.server.inject({ url: '/', headers: { host: link.host, cookie: own } })
  t.match(home.body, /Ines[\s\S]*Acme Industries/)
})
