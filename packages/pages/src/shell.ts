import { type Asset, accentStylesheet, icon, stylesheet } from './asset-files.ts'
import { postForm } from './elements.ts'
import { type Html, html } from './html.ts'
import { displayName, safeHref } from './text.ts'

/** Whose pages these are. `accent` is `#rgb` or `#rrggbb`; `supportUrl` an https or mailto URL. */
export interface Brand {
  readonly name: string
  readonly accent?: string | undefined
  readonly supportUrl?: string | undefined
}

export interface NavItem {
  readonly href: string
  readonly text: string
  readonly current?: boolean | undefined
}

/** Who is signed in. With `signOut` the header offers a way out. */
export interface SignedIn {
  readonly name: string
  readonly email: string
  readonly signOut?: { readonly action: string; readonly csrf: string } | undefined
}

/** What every page of a signed-in person can have around its content. */
export interface Surroundings {
  readonly nav?: readonly NavItem[] | undefined
  readonly person?: SignedIn | undefined
}

/** What every page of somebody who is signed in is given. */
export interface SettingsParts extends Surroundings {
  readonly brand: Brand
  /** As the navigation calls it. */
  readonly title: string
  readonly csrf: string
  /** What was just done, as a sentence. */
  readonly done?: string | undefined
  /** What went wrong, as a sentence. */
  readonly problem?: string | undefined
}

export interface PageParts extends Surroundings {
  readonly title: string
  readonly brand: Brand
  readonly body: Html
  /** BCP 47; `en` when absent. */
  readonly lang?: string | undefined
  /** `narrow` for one question at a time, `wide` for lists and settings. */
  readonly width?: 'narrow' | 'wide' | undefined
  /** For a page that can do a little more with a script; send it with `pageHeaders({ script: true })`. */
  readonly script?: Asset | undefined
}

/** A complete HTML document. Nothing inline; send it with `pageHeaders`. */
export function page(parts: PageParts): string {
  const { title, brand, body, nav = [], person, lang = 'en', width = 'narrow', script } = parts
  const name = displayName(brand.name)
  const accent = brand.accent === undefined ? undefined : accentStylesheet(brand.accent)
  return html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · ${name}</title>
<link rel="stylesheet" href="${stylesheet.path}">
${accent && html`<link rel="stylesheet" href="${accent.path}">\n`}<link rel="icon" type="image/svg+xml" href="${icon.path}">
${script && html`<script type="module" src="${script.path}"></script>\n`}</head>
<body class="${width}">
<a class="skip" href="#content">Skip to content</a>
<header class="top">
<p class="brand">${name}</p>
${navigation(nav)}${person && who(person)}
</header>
<main id="content" class="sheet">
${body}
</main>
${footer(brand)}
</body>
</html>
`.toString()
}

const navigation = (items: readonly NavItem[]): Html | false =>
  items.length > 0 &&
  html`<nav aria-label="Main"><ul>${items.map(
    ({ href, text, current }) =>
      html`<li><a href="${safeHref(href) ?? '#'}"${current && html` aria-current="page"`}>${text}</a></li>`,
  )}</ul></nav>
`

const who = ({ name, email, signOut }: SignedIn): Html =>
  html`<div class="who"><p><span>${displayName(name)}</span> <span class="quiet">${displayName(email, 100)}</span></p>${
    signOut && postForm({ ...signOut, body: html`<button class="plain">Sign out</button>` })
  }</div>`

function footer({ supportUrl }: Brand): Html | undefined {
  const href = supportUrl === undefined ? undefined : safeHref(supportUrl)
  return href === undefined ? undefined : html`<footer><a href="${href}">Help and contact</a></footer>`
}
