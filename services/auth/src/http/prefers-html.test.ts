import { test } from 'tap'
import { prefersHtml } from './prefers-html.ts'

test('browsers want a page, programs want JSON', async (t) => {
  for (const browser of [
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'text/html',
    'TEXT/HTML; q=0.5, application/json;q=0.4',
  ]) {
    t.equal(prefersHtml(browser), true, browser)
  }
  for (const program of [
    undefined,
    '',
    '*/*',
    'application/json',
    'application/json, text/event-stream',
    'application/json, text/html',
    'text/html;q=0',
    'text/html;q=x',
    'text/*',
  ]) {
    t.equal(prefersHtml(program), false, String(program))
  }
})
