import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { browser } from '@gatehouse/testkit'
import type axe from 'axe-core'
import Fastify from 'fastify'
import { t as file, test } from 'tap'
import { pagesAssets } from '../assets.ts'
import { pageHeaders } from '../headers.ts'
import { everyPage } from './samples.ts'

// Machines that test are slow; tap's own limit is half a minute.
file.setTimeout(170_000)

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDTHS = [320, 900]
/** In the page: how much wider its content is than its window. */
const OVERHANG = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
/** As people write, and as nobody should: nothing to break it at. */
const TEXTS = ['Nightly sync', 'AVeryLongNameThatNobodyBreaksAnywhere'.repeat(4)]

test('every view there is has a sample', async (t) => {
  const samples = readFileSync(new URL('samples.ts', import.meta.url), 'utf8')
  const views = readdirSync(new URL('.', import.meta.url))
    .filter((name) => name.endsWith('.ts') && !name.includes('.test.') && name !== 'samples.ts')
    .flatMap((name) => [
      ...readFileSync(new URL(name, import.meta.url), 'utf8').matchAll(/^export (?:function|const) (\w+Page)\b/gm),
    ])
    .map(([, name]) => name ?? '')
  t.ok(views.length >= 20)
  for (const view of views) t.ok(samples.includes(`${view}(`), view)
})

test('every view in a browser, in light and in dark, narrow and wide, with any text: no barrier, no breach of its policy, nothing that reaches out', async (t) => {
  const server = Fastify({ forceCloseConnections: true })
  t.teardown(() => server.close())
  await server.register(pagesAssets)
  const shown = TEXTS.map((text) => everyPage(text))
  server.get<{ Params: { text: number; name: string } }>('/view/:text/:name', async ({ params }, reply) =>
    reply.headers(pageHeaders({ script: params.name === 'activity' })).send(shown[params.text]?.[params.name] ?? ''),
  )
  const origin = await server.listen({ host: '127.0.0.1', port: 0 })
  const context = await (await browser(t)).newContext()
  const complaints: string[] = []
  await context.exposeFunction('complain', (complaint: string) => complaints.push(complaint))
  await context.addInitScript(
    "document.addEventListener('securitypolicyviolation', (e) => complain(location.href + ': ' + e.effectiveDirective))",
  )
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`))
  const barriers = async (options: object): Promise<string[]> => {
    const { passes, violations } = await page.evaluate<axe.AxeResults>(`axe.run(${JSON.stringify(options)})`)
    if (passes.length === 0) throw new Error('nothing was examined')
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  }
  for (const [text, views] of shown.entries()) {
    for (const name of Object.keys(views)) {
      await page.emulateMedia({ colorScheme: 'light' })
      await page.goto(`${origin}/view/${text}/${name}`, { waitUntil: 'load' })
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 700 })
        const overhang = await page.evaluate<number>(OVERHANG)
        t.ok(overhang <= 0, `${name}: ${overhang} pixels reach out of ${width}, with ${TEXTS[text]}`)
      }
      if (text > 0) continue
      await page.evaluate(AXE)
      // The language of this sample is any text, too.
      const rules = { 'html-lang-valid': { enabled: name !== 'shell' } }
      t.same(await barriers({ rules }), [], `${name}, in light`)
      await page.emulateMedia({ colorScheme: 'dark' })
      t.same(await barriers({ runOnly: ['color-contrast'] }), [], `${name}, in dark`)
    }
  }
  t.same(complaints, [])
})
