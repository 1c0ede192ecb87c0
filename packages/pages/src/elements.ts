import { type Html, html, type Slot } from './html.ts'
import { displayTime, safeHref } from './text.ts'

/** A form that changes something. There is no other way to make one, so none is without its CSRF token. */
export function postForm(form: {
  /** A path of this origin. */
  readonly action: string
  readonly csrf: string
  readonly body: Html
  readonly hidden?: Readonly<Record<string, string>> | undefined
  readonly className?: string | undefined
}): Html {
  const action = safeHref(form.action)
  if (action === undefined) throw new TypeError('a form posts to a path or an http(s) URL')
  const hidden = Object.entries({ ...form.hidden, csrf: form.csrf })
  return html`<form method="post" action="${action}"${form.className && html` class="${form.className}"`}>
${hidden.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">\n`)}${form.body}
</form>`
}

export interface Field {
  /** Where the page has several of that name. */
  readonly id?: string | undefined
  readonly name: string
  readonly label: string
  readonly type?: 'text' | 'email' | 'password' | 'search' | 'url' | 'number' | 'date' | undefined
  readonly value?: string | undefined
  readonly hint?: string | undefined
  /** What is wrong with the value, in words. */
  readonly error?: string | undefined
  readonly autocomplete?: string | undefined
  readonly required?: boolean | undefined
  readonly focus?: boolean | undefined
  readonly readonly?: boolean | undefined
}

/** A labelled input with its hint and fault tied to it for those who listen to the page. */
export function field(of: Field): Html {
  const id = of.id ?? `field-${of.name}`
  const notes = [of.hint && `${id}-hint`, of.error && `${id}-error`].filter(Boolean).join(' ')
  return html`<div class="field">
<label for="${id}">${of.label}</label>
<input id="${id}" name="${of.name}" type="${of.type ?? 'text'}"${attribute('value', of.value)}${attribute(
    'autocomplete',
    of.autocomplete,
  )}${of.type === 'email' && html` spellcheck="false" autocapitalize="none"`}${of.required && html` required`}${
    of.readonly && html` readonly`
  }${of.focus && html` autofocus`}${of.error !== undefined && html` aria-invalid="true"`}${attribute(
    'aria-describedby',
    notes || undefined,
  )}>
${of.hint && html`<p class="hint" id="${id}-hint">${of.hint}</p>\n`}${
  of.error && html`<p class="fault" id="${id}-error">${of.error}</p>\n`
}</div>`
}

/** One of several that are written out. */
export const select = (of: {
  /** Where the page has several of them; by its name otherwise. */
  readonly id?: string | undefined
  readonly name: string
  readonly label: string
  readonly value?: string | undefined
  readonly hint?: string | undefined
  readonly options: readonly { readonly value: string; readonly text: string }[]
}): Html => {
  const id = of.id ?? `field-${of.name}`
  return html`<div class="field">
<label for="${id}">${of.label}</label>
<select id="${id}" name="${of.name}"${attribute('aria-describedby', of.hint && `${id}-hint`)}>
${of.options.map(({ value, text }) => html`<option value="${value}"${value === of.value && html` selected`}>${text}</option>\n`)}</select>
${of.hint && html`<p class="hint" id="${id}-hint">${of.hint}</p>\n`}</div>`
}

/** Any of several, under one name. */
export const choices = (of: {
  readonly id: string
  readonly name: string
  readonly legend: string
  readonly error?: string | undefined
  readonly groups: readonly {
    readonly title?: string | undefined
    readonly options: readonly { readonly value: string; readonly text: string; readonly checked?: boolean }[]
  }[]
}): Html =>
  html`<fieldset${of.error !== undefined && html` aria-describedby="${of.id}-error"`}>
<legend>${of.legend}</legend>
${of.error !== undefined && html`<p class="fault" id="${of.id}-error">${of.error}</p>\n`}${of.groups.map(
  ({ title, options }, group) =>
    html`${title !== undefined && html`<p class="quiet">${title}</p>\n`}${options.map(
      ({ value, text, checked = false }, at) => html`<div class="check">
<input id="${`${of.id}-${group}-${at}`}" type="checkbox" name="${of.name}" value="${value}"${checked && html` checked`}>
<label for="${`${of.id}-${group}-${at}`}">${text} <code>${value}</code></label>
</div>
`,
    )}`,
)}</fieldset>`

/** What was just done, or what went wrong, at the top of a page. */
export const outcome = (of: { readonly done?: string | undefined; readonly problem?: string | undefined }): Html =>
  html`${of.done !== undefined && html`<div class="notice note" role="status"><p class="notice-title">${of.done}</p></div>\n`}${
    of.problem !== undefined && notice({ tone: 'alert', title: of.problem })
  }`

/** A moment, for people and for programs. */
export const moment = (at: Date): Html => html`<time datetime="${at.toISOString()}">${displayTime(at)}</time>`

/** Something that is said with a form, or left. */
export const checkbox = (of: {
  readonly id: string
  readonly name: string
  readonly value: string
  readonly label: string
}): Html =>
  html`<div class="check">
<input id="${of.id}" type="checkbox" name="${of.name}" value="${of.value}">
<label for="${of.id}">${of.label}</label>
</div>`

/** A value to be copied by hand: labelled, read-only, as long as it needs to be. */
export const copyable = (of: { readonly id: string; readonly label: string; readonly value: string }): Html =>
  html`<div class="field copy">
<label for="${of.id}">${of.label}</label>
<textarea id="${of.id}" readonly rows="${Math.min(8, Math.max(1, Math.ceil(of.value.length / 46)))}" spellcheck="false">
${of.value}</textarea>
</div>`

/** Term and value, row by row. */
export const facts = (rows: readonly (readonly [term: string, value: Slot])[]): Html =>
  html`<dl class="facts">
${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>\n`)}</dl>`

/** A remark that stands out. `alert` is read out at once by a screen reader: only for what just went wrong. */
export const notice = (of: {
  readonly tone: 'note' | 'caution' | 'alert'
  readonly title: string
  readonly body?: Slot
}): Html =>
  html`<div class="notice ${of.tone}"${of.tone === 'alert' && html` role="alert"`}>
<p class="notice-title">${of.title}</p>
${of.body !== undefined && html`<p>${of.body}</p>\n`}</div>`

/** A link, or the text alone where the address is not one to follow. */
export function link(
  href: string,
  text: Slot,
  options: { readonly privateUse?: boolean; readonly className?: string } = {},
): Html {
  const safe = safeHref(href, { privateUse: options.privateUse ?? false })
  return safe === undefined
    ? html`${text}`
    : html`<a href="${safe}"${attribute('class', options.className)}>${text}</a>`
}

/** A scope as a person reads it, and its name as a developer knows it. */
export interface ScopeText {
  readonly name: string
  readonly text: string
}

export const scopeList = (scopes: readonly ScopeText[]): Html =>
  html`<ul class="scopes">
${scopes.map(({ name, text }) => html`<li><span>${text}</span> <code>${name}</code></li>\n`)}</ul>`

const attribute = (name: string, value: string | undefined): Html | undefined =>
  value === undefined ? undefined : html` ${name}="${value}"`
