import { test } from 'tap'
import { browser } from './index.ts'

test('a browser shows a page and is closed with the test', async (t) => {
  let closed = false
  await t.test('inside', async (inner) => {
    const launched = await browser(inner)
    launched.on('disconnected', () => {
      closed = true
    })
    const page = await launched.newPage()
    await page.setContent('<title>A page</title>')
    inner.equal(await page.title(), 'A page')
  })
  t.ok(closed)
})
