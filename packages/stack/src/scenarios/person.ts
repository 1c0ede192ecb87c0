/** A person with a browser, as far as forms, cookies and redirects go; no scripts, since the pages need none. */
export interface Person {
  readonly email: string
  readonly password: string
}

interface Form {
  readonly action: string
  readonly fields: ReadonlyMap<string, string>
}

/**
 * Opens an authorization URL, signs in and decides, and returns the URL at the client's callback.
 * @throws with the page's text when something else than a sign-in or consent form comes up
 */
export async function authorizeInPages(
  authorizationUrl: URL,
  callback: string,
  person: Person,
  decision: 'approve' | 'deny' = 'approve',
): Promise<URL> {
  const browser = new Browser()
  let page = await browser.open(authorizationUrl, callback)
  for (let step = 0; step < 6; step += 1) {
    if (page.url.href.startsWith(callback)) return page.url
    const form = formOf(page.html)
    if (form.fields.has('password') || page.html.includes('name="password"')) {
      page = await browser.submit(page.url, form, { email: person.email, password: person.password }, callback)
    } else if (page.html.includes('name="decision"')) {
      page = await browser.submit(page.url, form, { decision }, callback)
    } else throw new Error(`no sign-in or consent at ${page.url.href}: ${textOf(page.html)}`)
  }
  throw new Error('the pages went round in circles')
}

interface Page {
  readonly url: URL
  readonly html: string
}

class Browser {
  readonly #cookies = new Map<string, string>()

  open(url: URL, callback: string): Promise<Page> {
    return this.#go(url, {}, callback)
  }

  submit(base: URL, form: Form, filled: Readonly<Record<string, string>>, callback: string): Promise<Page> {
    const body = new URLSearchParams([...form.fields, ...Object.entries(filled)].filter(([name]) => name !== ''))
    for (const [name, value] of Object.entries(filled)) body.set(name, value)
    return this.#go(new URL(form.action, base), { method: 'POST', body, origin: base.origin }, callback)
  }

  async #go(
    first: URL,
    init: { method?: string; body?: URLSearchParams; origin?: string },
    callback: string,
  ): Promise<Page> {
    let url = first
    let { method, body } = init
    for (let hop = 0; hop < 10; hop += 1) {
      if (url.href.startsWith(callback)) return { url, html: '' }
      const answer = await fetch(url, {
        method: method ?? 'GET',
        redirect: 'manual',
        headers: {
          accept: 'text/html',
          cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
          ...(init.origin === undefined ? {} : { origin: init.origin, 'sec-fetch-site': 'same-origin' }),
        },
        ...(body === undefined ? {} : { body }),
      })
      this.#keepCookies(answer)
      const location = answer.headers.get('location')
      if (location === null) return { url, html: await answer.text() }
      await answer.body?.cancel()
      url = new URL(location, url)
      method = undefined
      body = undefined
    }
    throw new Error(`too many redirects, last to ${url.href}`)
  }

  #keepCookies(answer: Response): void {
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1)
      const at = pair.indexOf('=')
      this.#cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1))
      if (/max-age=0/i.test(line)) this.#cookies.delete(pair.slice(0, at).trim())
    }
  }
}

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'i')
    .exec(tag)
    ?.slice(1)
    .find((value) => value !== undefined)

const decoded = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#x27;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** The first form of a page that asks for a password or a decision, else the first form. */
function formOf(html: string): Form {
  const forms = [...html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/gi)].map((match) => match[0])
  const form = forms.find((text) => /name="(password|decision)"/.test(text)) ?? forms[0]
  if (form === undefined) throw new Error(`a page without a form: ${textOf(html)}`)
  const open = /<form\b[^>]*>/i.exec(form)?.[0] ?? ''
  const fields = new Map<string, string>()
  for (const [input] of form.matchAll(/<input\b[^>]*>/gi)) {
    const name = attribute(input, 'name')
    if (name !== undefined && attribute(input, 'type') === 'hidden') {
      fields.set(decoded(name), decoded(attribute(input, 'value') ?? ''))
    }
  }
  return { action: decoded(attribute(open, 'action') ?? ''), fields }
}

const textOf = (html: string): string =>
  html
    .replace(/<(style|head)\b[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 400)
