import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { contrast, GROUNDS, inkOn, isAccent, readableAccent } from './accent.ts'

const css = readFileSync(new URL('./gatehouse.css', import.meta.url), 'utf8')
const [light = '', dark = ''] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) => block)

function colour(block: string, name: string): string {
  const found = new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(block)?.[1]
  if (found === undefined) throw new Error(`the stylesheet has no --${name}`)
  return found
}

test('every text colour of the stylesheet reaches WCAG AA on every ground it can stand on', async (t) => {
  for (const [mode, block] of Object.entries({ light, dark })) {
    for (const ground of ['ground', 'sheet']) {
      for (const ink of ['ink', 'quiet', 'accent', 'alarm']) {
        const ratio = contrast(colour(block, ink), colour(block, ground))
        t.ok(ratio >= 4.5, `${mode}: ${ink} on ${ground} is ${ratio.toFixed(2)}`)
      }
    }
    for (const edge of ['edge', 'caution']) {
      t.ok(contrast(colour(block, edge), colour(block, 'sheet')) >= 3, `${mode}: ${edge} is seen on the sheet`)
    }
    t.ok(contrast(colour(block, 'on-fill'), colour(block, 'fill')) >= 4.5, `${mode}: text on a button`)
  }
})

test('accents are judged on the grounds that the stylesheet has', async (t) => {
  t.equal(colour(light, 'ground'), GROUNDS.light, 'the darker of the light grounds')
  t.equal(colour(dark, 'sheet'), GROUNDS.dark, 'the lighter of the dark grounds')
})

test('any brand colour becomes readable as text and carries readable text', async (t) => {
  for (const accent of ['#f2c94c', '#ffffff', '#000000', '#0af', '#ff00ff', '#777777', '#1d5c4d', '#e11d48']) {
    const made = readableAccent(accent)
    t.ok(contrast(made.light, GROUNDS.light) >= 4.5, `${accent} on light`)
    t.ok(contrast(made.dark, GROUNDS.dark) >= 4.5, `${accent} on dark`)
    t.ok(contrast(inkOn(accent), accent) >= 4.5, `${accent} as a fill`)
  }
  t.equal(readableAccent('#1d5c4d').light, '#1d5c4d', 'a colour that is readable already stays as it is')
})

test('only a hex colour is an accent', async (t) => {
  for (const good of ['#abc', '#A1B2C3']) t.ok(isAccent(good))
  for (const bad of ['red', '#abcd', '#12345g', 'url(x)', '#fff;}body{display:none', '#fff\n', ''])
    t.notOk(isAccent(bad), bad)
})
