import { activityScript } from '../asset-files.ts'
import { postForm } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { type Brand, page, type Surroundings } from '../shell.ts'
import { displayName, safeHref } from '../text.ts'

/** One event, in the words that the page shows. The live tail sends the same. */
export interface ActivityEntry {
  readonly id: string
  /** RFC 3339. */
  readonly time: string
  readonly who: string
  /** person, key or service. */
  readonly kind: string
  readonly client: string
  /** The tool, or what else was done. */
  readonly what: string
  /** What kind of thing that is, and to what it was done. */
  readonly about: string
  readonly outcome: string
  readonly reason: string
  readonly durationMs?: number | undefined
}

export interface Activity extends Surroundings {
  readonly brand: Brand
  /** Path of the page; the filters are its query. */
  readonly action: string
  readonly filters: Readonly<
    Partial<Record<'actor' | 'client' | 'tool' | 'type' | 'outcome' | 'from' | 'to', string | undefined>>
  >
  readonly outcomes: readonly string[]
  /** Short names of what can have happened. */
  readonly kinds: readonly string[]
  /** Newest first. */
  readonly entries: readonly ActivityEntry[]
  /** The page of older ones. */
  readonly nextHref?: string | undefined
  /** Server-sent events of what arrives; without it the list stands still. */
  readonly tailHref?: string | undefined
  readonly signOut: { readonly action: string; readonly csrf: string }
}

export function activityPage(view: Activity): string {
  const { brand, nav, entries, nextHref, tailHref, signOut } = view
  const next = nextHref === undefined ? undefined : safeHref(nextHref)
  const tail = tailHref === undefined ? undefined : safeHref(tailHref)
  const body = html`<h1>Activity</h1>
<p class="lead">What applications did for the people of your organisation. Of a call’s arguments only a fingerprint is kept.</p>
${filterForm(view)}
<p class="live quiet" id="live" role="status" hidden>Live: new activity appears on top.</p>
<table class="log">
<caption class="unseen">Activity, newest first</caption>
<thead><tr><th scope="col">Time (UTC)</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Result</th></tr></thead>
<tbody id="entries"${tail !== undefined && html` data-tail="${tail}"`}>
${entries.map(row)}</tbody>
</table>
${entries.length === 0 && html`<div class="empty" id="none"><p><strong>Nothing found</strong></p><p>Nothing was done yet, or nothing that these filters let through.</p></div>`}
${next !== undefined && html`<p class="older"><a href="${next}">Older</a></p>`}
${postForm({ ...signOut, className: 'block', body: html`<button class="plain">Leave this page</button>` })}`
  return page({ title: 'Activity', brand, body, nav, width: 'wide', script: activityScript })
}

const row = (entry: ActivityEntry): Html => html`<tr data-id="${entry.id}">
<td><time datetime="${entry.time}">${entry.time.replace('T', ' ').slice(0, 19)}</time></td>
<td><span>${entry.who === '' ? '–' : displayName(entry.who, 100)}</span> <span class="quiet">${[
  entry.kind,
  entry.client,
]
  .filter((part) => part !== '')
  .map((part) => displayName(part, 100))
  .join(' · ')}</span></td>
<td><code>${displayName(entry.what, 120)}</code> <span class="quiet">${displayName(entry.about, 200)}</span></td>
<td><span class="outcome ${outcomeClass(entry.outcome)}">${entry.outcome === '' ? '–' : displayName(entry.outcome)}</span> <span class="quiet">${[
  entry.reason,
  entry.durationMs === undefined ? '' : `${entry.durationMs} ms`,
]
  .filter((part) => part !== '')
  .map((part) => displayName(part, 100))
  .join(' · ')}</span></td>
</tr>
`

const outcomeClass = (outcome: string): string => (outcome === 'succeeded' || outcome === '' ? 'fine-end' : 'bad-end')

function filterForm({ action, filters, outcomes, kinds }: Activity): Html {
  const input = (name: 'actor' | 'client' | 'tool' | 'from' | 'to', label: string, type = 'text') =>
    html`<div class="field"><label for="filter-${name}">${label}</label><input id="filter-${name}" name="${name}" type="${type}" value="${filters[name] ?? ''}" autocomplete="off"></div>
`
  const select = (name: 'type' | 'outcome', label: string, known: readonly string[]) => {
    const given = filters[name]
    const options = given === undefined || known.includes(given) ? known : [...known, given]
    return html`<div class="field"><label for="filter-${name}">${label}</label><select id="filter-${name}" name="${name}">
<option value="">Any</option>
${options.map((of) => html`<option value="${of}"${of === given && html` selected`}>${of}</option>\n`)}</select></div>
`
  }
  return html`<form method="get" action="${safeHref(action) ?? '/'}" class="filters" role="search" aria-label="Filter the activity">
${input('from', 'From day', 'date')}${input('to', 'To day', 'date')}${input('actor', 'Who (id)')}${input('client', 'Application (id)')}${select('type', 'Kind', kinds)}${input('tool', 'Tool')}${select('outcome', 'Result', outcomes)}<div class="field do"><button>Show</button> <a href="${safeHref(action) ?? '/'}">Clear</a></div>
</form>`
}
