import { link } from '../elements.ts'
import { html } from '../html.ts'
import { type Brand, page } from '../shell.ts'

export interface ErrorView {
  readonly brand: Brand
  /** HTTP status. */
  readonly status: number
  readonly title: string
  /** What happened, for the person who reads it. */
  readonly cause: string
  readonly whatToDo: string
  readonly requestId: string
  /** Where the person may go on to, if they trust it. */
  readonly onward?: { readonly href: string; readonly text: string } | undefined
}

export function errorPage({ brand, status, title, cause, whatToDo, requestId, onward }: ErrorView): string {
  const body = html`<h1>${title}</h1>
<p class="lead">${cause}</p>
<h2>What to do</h2>
<p>${whatToDo}</p>
${onward !== undefined && html`<p>${link(onward.href, onward.text, { privateUse: true })}</p>\n`}<p class="fine">If you ask for help, quote this:<br><code>${status} ${requestId}</code></p>`
  return page({ title, brand, body })
}
