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
  fetched: typeof fetch = fetch,
): Promise<URL> {
  const browser = new Browser(fetched)
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

/** Where a browser has come to. */
export interface Page {
  readonly url: URL
  readonly html: string
}

/** A field with several values is a list of check boxes. */
export type Filled = Readonly<Record<string, string | readonly string[]>>

/** A person's browser after sign-in at the product's own page. */
export interface SignedIn {
  /** @param path of the product */
  open(path: string): Promise<Page>
  /** Fills in the form of the page that posts to an address which ends so, and sends it. */
  send(page: Page, actionEnding: string, filled?: Filled): Promise<Page>
}

/** @throws when the page does not let the person in */
export async function signInAtPages(
  publicUrl: string,
  person: Person,
  fetched: typeof fetch = fetch,
): Promise<SignedIn> {
  const browser = new Browser(fetched)
  const nowhere = 'about:nowhere'
  const first = await browser.open(new URL(publicUrl), nowhere)
  const form = formOf(first.html)
  const home = await browser.submit(first.url, form, { email: person.email, password: person.password }, nowhere)
  if (home.html.includes('name="password"')) throw new Error(`${person.email} was not let in: ${textOf(home.html)}`)
  return {
    open: (path) => browser.open(new URL(path, publicUrl), nowhere),
    send: (page, actionEnding, filled = {}) =>
      browser.submit(page.url, formOf(page.html, actionEnding), filled, nowhere),
  }
}

class Browser {
  readonly #cookies = new Map<string, string>()
  readonly #fetch: typeof fetch

  constructor(fetched: typeof fetch) {
    this.#fetch = fetched
  }

  open(url: URL, callback: string): Promise<Page> {
    return this.#go(url, {}, callback)
  }

  submit(base: URL, form: Form, filled: Filled, callback: string): Promise<Page> {
    const body = new URLSearchParams([...form.fields].filter(([name]) => name !== ''))
    for (const [name, values] of Object.entries(filled)) {
      body.delete(name)
      for (const value of [values].flat()) body.append(name, value)
    }
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
      const answer = await this.#fetch(url, {
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

/** The form that posts to an address with this end; else the first that asks for a password or a decision, else the first. */
function formOf(html: string, actionEnding?: string): Form {
  const forms = [...html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/gi)].map((match) => match[0])
  const actionOf = (text: string) => decoded(attribute(/<form\b[^>]*>/i.exec(text)?.[0] ?? '', 'action') ?? '')
  const form =
    actionEnding === undefined
      ? (forms.find((text) => /name="(password|decision)"/.test(text)) ?? forms[0])
      : forms.find((text) => actionOf(text).endsWith(actionEnding))
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
