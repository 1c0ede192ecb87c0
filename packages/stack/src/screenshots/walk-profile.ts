import { type Profile, sitesOf } from '@gatehouse/profiles'
import type { Page } from 'playwright-core'
import { press, signIn } from '../scenarios/browsing.ts'
import { hostFetch } from '../scenarios/host-fetch.ts'
import type { Running } from '../scenarios/running.ts'

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

/**
 * The pages of a profile as the owner of an organisation meets them: sign-in, consent, and all that the navigation names.
 * @param shoot is called at each of them
 */
export async function walkProfile(
  page: Page,
  house: Pick<Running, 'profile' | 'publicUrl' | 'secrets'>,
  shoot: (page: Page, name: string) => Promise<void>,
): Promise<void> {
  const { profile, publicUrl, secrets } = house
  const sites = sitesOf(profile, publicUrl)
  const site = sites.byHost ? sites.of('acme') : sites.own
  await page.goto(`${site.origin}/sign-in`)
  await shoot(page, 'sign-in')
  await signIn(page, secrets.demoPassword)
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  const hrefs = await page
    .locator('header nav a')
    .evaluateAll((links) => links.map((link) => String(link.getAttribute('href'))))
  for (const href of hrefs) {
    await page.goto(new URL(href, site.origin).href)
    await shoot(page, href === '/' ? 'home' : href.slice(1).replaceAll('/', '-'))
  }
  await page.goto(`${site.origin}/no-such-page`)
  await shoot(page, 'no-such-page')
  if (profile.credentials.includes('oauth')) {
    await page.goto(await askFor(profile, site))
    await shoot(page, 'consent')
    await press(page, 'Deny')
    await page.waitForURL(/\/oauth\/return/)
    await shoot(page, 'after-denial')
  }
  await page.goto(site.origin)
  await press(page, 'Sign out')
  await shoot(page, 'signed-out')
}

/** The address at which a program that has just registered asks for everything. */
async function askFor(profile: Profile, site: ReturnType<ReturnType<typeof sitesOf>['of']>): Promise<string> {
  const { origin, pathname } = new URL(site.issuer)
  const described = `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`
  const endpoints = (await (await hostFetch(described)).json()) as Readonly<Record<string, string>>
  const redirect_uri = 'http://127.0.0.1:9/callback'
  const registered = await hostFetch(endpoints.registration_endpoint ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Claude Code',
      redirect_uris: [redirect_uri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    }),
  })
  const { client_id = '' } = (await registered.json()) as { client_id?: string }
  const url = new URL(endpoints.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    ...{ response_type: 'code', client_id, redirect_uri, resource: site.resource, state: 's' },
    ...{ code_challenge: CHALLENGE, code_challenge_method: 'S256' },
    scope: profile.defaultScopes.join(' '),
  }).toString()
  return url.href
}
