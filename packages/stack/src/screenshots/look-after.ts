import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { type BrowsedHouse, operate, press, signIn } from '../scenarios/browsing.ts'

/**
 * The pages where people and organisations look after themselves, as an owner and then others meet them. Begins with an owner who is signed in,
 * and ends at the sign-in page.
 * @param shoot is called at each of them
 */
export async function lookAfter(
  page: Page,
  house: BrowsedHouse,
  shoot: (page: Page, name: string) => Promise<void>,
): Promise<void> {
  const at = (path: string) => page.goto(`${house.publicUrl}${path}`)
  await page.goto(house.keysUrl)
  await shoot(page, 'api-keys')
  await press(page, 'Make the key')
  await page.getByLabel('Name', { exact: true }).last().fill('Nightly sync')
  await press(page, 'Make the key')
  await shoot(page, 'api-keys-fault')
  await page
    .getByRole('checkbox', { name: /mcp:read/ })
    .last()
    .check()
  await press(page, 'Make the key')
  await page.getByLabel('New key').waitFor()
  await shoot(page, 'api-keys-made')
  await page.getByText('Change Nightly sync').first().click()
  await shoot(page, 'api-keys-change')
  await press(page, 'Revoke Nightly sync')
  await page.getByText('The key is revoked.').waitFor()
  await at('/settings/members')
  await page.getByLabel('Email').fill(`rosa-${randomBytes(3).toString('hex')}@new.test`)
  await press(page, 'Send the invitation')
  await page.getByText('An invitation is on its way').waitFor()
  await shoot(page, 'members')
  await at('/settings/clients')
  await shoot(page, 'clients')
  await page.getByLabel('Host').fill('no host')
  await press(page, 'Add the rule')
  await shoot(page, 'clients-fault')
  await page.getByLabel('Host').fill('evil.example')
  await press(page, 'Add the rule')
  await page.getByText('The rules are changed.').waitFor()
  await shoot(page, 'clients-denied')
  await press(page, 'Remove the rule about evil.example')
  await at('/settings/profile')
  await shoot(page, 'profile')
  await press(page, 'Leave Acme Industries')
  await shoot(page, 'profile-last-owner')

  const tenants = (await operate(house, 'GET', '/tenants')).tenants as readonly { id: string; slug: string }[]
  const of = (slug: string) => tenants.find((tenant) => tenant.slug === slug)?.id ?? ''
  const invited = { email: `hana-${randomBytes(3).toString('hex')}@new.test`, role: 'admin' }
  const { link } = await operate(house, 'POST', `/tenants/${of('acme')}/invitations`, invited)
  await page.goto(String(link))
  await shoot(page, 'invitation-of-another')
  await page.locator('main').getByRole('button', { name: 'Sign out' }).click()
  await page.goto(String(link))
  await shoot(page, 'invitation')
  await page.getByLabel('Your name').fill('Hana Kim')
  await page.getByLabel('New password').fill('short')
  await press(page, 'Join')
  await shoot(page, 'invitation-fault')
  await page.getByLabel('New password').fill('a pass phrase of Hana')
  await press(page, 'Join')
  await page.waitForURL(`${house.publicUrl}/`)
  await page.goto(String(link))
  await shoot(page, 'link-over')
  await at('/')
  await press(page, 'Sign out')

  await at('/sign-in/forgot-password')
  await shoot(page, 'forgot-password')
  await page.getByLabel('Email').fill('nobody@acme.test')
  await press(page, 'Send the link')
  await shoot(page, 'link-sent')
  const people = (await operate(house, 'GET', '/people?email=viewer%40acme.test')).people as readonly { id: string }[]
  const made = await operate(house, 'POST', `/people/${people[0]?.id}/password-link`, {})
  await page.goto(String(made.link))
  await shoot(page, 'new-password')
  await page.getByLabel('New password').fill(house.password)
  await press(page, 'Set the password')
  await shoot(page, 'sign-in-new-password')
  await signIn(page, house.password, 'viewer@acme.test')
  await page.goto(house.keysUrl)
  await shoot(page, 'permission-missing')
  await at('/')
  await press(page, 'Sign out')

  await operate(house, 'PATCH', `/tenants/${of('initech')}`, { status: 'suspended' })
  await at('/sign-in')
  await signIn(page, house.password, 'member@initech.test')
  await page.waitForURL(/\/settings\/billing$/)
  await shoot(page, 'billing')
  await operate(house, 'PATCH', `/tenants/${of('initech')}`, { status: 'active' })
  await press(page, 'Sign out')
  await at('/sign-in')
}
