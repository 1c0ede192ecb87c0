import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Scope } from '@gatehouse/testkit'
import type axe from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { type BrowsedHouse, signIn } from './browsing.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What the browser held against a page. */
export interface Watched {
  readonly page: Page
  readonly complaints: string[]
}

/** A person's browser; whatever it complains of is collected. The status of a page that is an error is no complaint. */
export async function open(t: Scope, launched: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await launched.newContext(options)
  t.teardown(() => context.close())
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  const complaints: string[] = []
  await context.exposeFunction('complain', (complaint: string) => complaints.push(complaint))
  await context.addInitScript(
    "document.addEventListener('securitypolicyviolation', (e) => complain(e.effectiveDirective + ' forbids ' + e.blockedURI))",
  )
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    const ofDocument = message.location().url === page.url() && message.text().startsWith('Failed to load resource')
    if (['error', 'warning'].includes(message.type()) && !ofDocument) complaints.push(message.text())
  })
  return { page, complaints }
}

/** Findings that keep people from using the page. */
export async function barriers(page: Page, options: axe.RunOptions = {}): Promise<string[]> {
  await page.evaluate(AXE)
  const { passes, violations } = await page.evaluate<axe.AxeResults>(`axe.run(${JSON.stringify(options)})`)
  if (passes.length === 0) throw new Error('nothing was examined')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${page.url()}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** What a profile brings of its own. */
export const COLOURS: axe.RunOptions = { runOnly: ['color-contrast'] }
const SIZES = [
  { width: 360, height: 700 },
  { width: 1_000, height: 800 },
]
/** In the page: how much wider its content is than its window. */
const OVERHANG = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

/**
 * What keeps people from using a page, in light and in dark, narrow and wide.
 * @param inLight what is examined there; in the dark only the colours are others
 */
export async function faultsOf(page: Page, name: string, inLight: axe.RunOptions = {}): Promise<string[]> {
  const faults: string[] = []
  for (const [colorScheme, options] of [['light', inLight] as const, ['dark', COLOURS] as const]) {
    await page.emulateMedia({ colorScheme })
    faults.push(...(await barriers(page, options)).map((barrier) => `${name}, ${colorScheme}: ${barrier}`))
  }
  for (const size of SIZES) {
    await page.setViewportSize(size)
    const overhang = await page.evaluate<number>(OVERHANG)
    if (overhang > 0) faults.push(`${name}: ${overhang} pixels reach out of ${size.width}`)
  }
  return faults
}

export const textOf = async (page: Page): Promise<string> =>
  ((await page.locator('main').textContent()) ?? '').replace(/\s+/g, ' ')

/** Waits for the page with that button. @throws Error with what the page says instead */
export async function arriveAt(page: Page, button: string): Promise<void> {
  const shown = page.getByRole('button', { name: button }).waitFor()
  await shown.catch(async (cause: unknown) => {
    throw new Error(`no button ${button} at ${page.url()}: ${await textOf(page)}`, { cause })
  })
}

/** A browser in which a person has signed in at the product's own page. */
export async function openSignedIn(t: Scope, launched: Browser, house: BrowsedHouse): Promise<Watched> {
  const watched = await open(t, launched)
  await watched.page.goto(house.publicUrl)
  await signIn(watched.page, house.password)
  await arriveAt(watched.page, 'Sign out')
  return watched
}
