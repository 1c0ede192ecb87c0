import { test } from 'tap'
import { Html, html } from './html.ts'

test('text in a slot is escaped, wherever the slot stands', async (t) => {
  const hostile = `"'><script>alert(1)</script>&`
  for (const made of [html`<p>${hostile}</p>`, html`<a title="${hostile}">x</a>`, html`!${hostile}`]) {
    t.notMatch(made.toString(), /<script|"'>/)
    t.match(made.toString(), /&#60;script&#62;/)
  }
})

test('markup in a slot stays markup, alone and in lists; nothing leaves nothing', async (t) => {
  const item = (text: string) => html`<li>${text}</li>`
  t.equal(html`<ul>${[item('a'), item('<b>')]}</ul>`.toString(), '<ul><li>a</li><li>&#60;b&#62;</li></ul>')
  t.equal(html`[${undefined}${false}${''}${0}]`.toString(), '[0]')
})

test('what looks like markup but was not made by the tag is escaped', async (t) => {
  const forged = { toString: () => '<script>' } as unknown as string
  t.equal(html`${forged}`.toString(), '&#60;script&#62;')
  t.throws(
    () => html`${Object.create(Html.prototype) as Html}`.toString(),
    TypeError,
    'a forged prototype has no markup',
  )
})
