import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { browser, freePort } from '@gatehouse/testkit'
import type { BrowserContextOptions, Page } from 'playwright-core'
import {
  type BrowsedHouse,
  openBrowsedHouse,
  press,
  registerProgram,
  serveCallback,
  signIn,
} from './scenarios/browsing.ts'
import { runningHouse } from './scenarios/running.ts'
import { lookAfter } from './screenshots/look-after.ts'
import { packPng } from './screenshots/pack-png.ts'
import { walkProfile } from './screenshots/walk-profile.ts'

/**
 * Every page as a person meets it, in light, in dark and on a telephone; with `--docs` the three that the README shows, with `--profile` those
 * of another product.
 */
const { values } = parseArgs({
  options: { out: { type: 'string' }, docs: { type: 'boolean', default: false }, profile: { type: 'string' } },
})

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = values.docs
  ? { '': { viewport: { width: 900, height: 600 } } }
  : {
      '.light': { viewport: { width: 900, height: 600 } },
      '.dark': { viewport: { width: 900, height: 600 }, colorScheme: 'dark' },
      '.small': { viewport: { width: 390, height: 700 } },
    }
const SHOWN_IN_DOCS = ['sign-in', 'consent', 'authorized-apps']

const out = values.out ?? join(import.meta.dirname, '../../../docs/images')
mkdirSync(out, { recursive: true })
const releases: (() => unknown)[] = []
const scope = { teardown: (release: () => unknown) => releases.push(release) }
try {
  const { profile } = values
  const other = profile === undefined ? undefined : await runningHouse(scope, { profile })
  const house = other === undefined ? await openBrowsedHouse(scope, values.docs ? { port: 4000 } : {}) : undefined
  const launched = await browser(scope)
  for (const [look, options] of Object.entries(LOOKS)) {
    const context = await launched.newContext(options)
    const page = await context.newPage()
    const shoot = async (page: Page, name: string) => {
      if (values.docs && !SHOWN_IN_DOCS.includes(name)) return
      const picture = await page.screenshot({ fullPage: true, animations: 'disabled' })
      writeFileSync(join(out, `${name}${look}.png`), values.docs ? packPng(picture) : picture)
    }
    if (house !== undefined) await walk(page, house, shoot)
    if (other !== undefined) await walkProfile(page, other, shoot)
    await context.close()
  }

  async function walk(
    page: Page,
    house: BrowsedHouse,
    shoot: (page: Page, name: string) => Promise<void>,
  ): Promise<void> {
    const callback = await serveCallback(scope)
    const program = await registerProgram(house, 'Claude Code', callback)
    await page.goto(program.ask().href)
    await shoot(page, 'sign-in')
    await signIn(page, 'not the password')
    await shoot(page, 'sign-in-error')
    await signIn(page, house.password)
    await shoot(page, 'consent')
    await press(page, 'Allow')
    await page.waitForURL(/\/oauth\/return/)
    await shoot(page, 'after-consent')
    await page.waitForURL(`${callback}*`)
    const first = await program.exchange(new URL(page.url()))
    await fetch(house.mcpUrl, { headers: { authorization: `Bearer ${first.access_token}` } })
    await page.goto(program.ask().href)
    await shoot(page, 'consent-again')
    await press(page, 'Deny')
    await page.waitForURL(/\/oauth\/return/)
    await shoot(page, 'after-denial')
    await page.waitForURL(`${callback}*`)
    const away = await registerProgram(house, 'Codex', `http://127.0.0.1:${await freePort()}/callback`)
    const installed = await registerProgram(house, 'Cursor', 'cursor://anysphere.cursor-mcp/oauth/callback')
    await page.goto(installed.ask({ scope: 'mcp:read' }).href)
    await shoot(page, 'consent-installed')
    await page.goto(away.ask({ redirect_uri: 'https://elsewhere.example/' }).href)
    await shoot(page, 'error')
    await page.goto(house.publicUrl)
    await shoot(page, 'home')
    await page.goto(house.appsUrl)
    await shoot(page, 'authorized-apps')
    await callTool(house.mcpUrl, first.access_token, 'search.global', { q: 'export' })
    await callTool(house.mcpUrl, first.access_token, 'entry.get', { id: 'none' })
    await page.goto(`${house.publicUrl}/activity`)
    await shoot(page, 'consent-own-page')
    await press(page, 'Allow')
    await page.waitForURL(/\/activity$/)
    await page.locator('#entries tr', { hasText: 'search.global' }).first().waitFor()
    await page.locator('#live').waitFor({ state: 'visible' })
    await shoot(page, 'activity')
    await page.goto(`${house.publicUrl}/activity?tool=nothing`)
    await shoot(page, 'activity-empty')
    await page.goto(house.appsUrl)
    await press(page, 'Revoke Claude Code')
    await shoot(page, 'authorized-apps-empty')
    await page.goto(`${house.publicUrl}/settings/security`)
    await shoot(page, 'security')
    await page.fill('[name=current]', 'not the password')
    await page.fill('[name=password]', 'another password')
    await press(page, 'Change password')
    await shoot(page, 'security-error')
    await page.goto(`${house.publicUrl}/oauth/logout`)
    await shoot(page, 'logout')
    await page.goto(`${house.publicUrl}/setings`)
    await shoot(page, 'no-such-page')
    await lookAfter(page, house, shoot)
    await signIn(page, house.password)
    await page.goto(`${house.publicUrl}/oauth/logout`)
    await page.click('[name=decision][value=sign-out]')
    await shoot(page, 'signed-out')
  }
} finally {
  for (const release of releases.reverse()) await release()
}

async function callTool(url: string, token: string, name: string, args: object): Promise<void> {
  const [version, prefix] = ['2026-07-28', 'io.modelcontextprotocol']
  await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name,
        arguments: args,
        _meta: { [`${prefix}/protocolVersion`]: version, [`${prefix}/clientCapabilities`]: {} },
      },
    }),
  })
}
