import { choices, copyable, facts, field, moment, outcome, postForm, select } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { page, type SettingsParts } from '../shell.ts'
import { displayName } from '../text.ts'

/** Scopes that a key may have, as the resource that understands them is called. */
export interface KeyScopes {
  readonly resource: string
  readonly scopes: readonly { readonly name: string; readonly text: string }[]
}

export interface ApiKeyView {
  readonly id: string
  readonly name: string
  /** Prefix and last characters. */
  readonly hint: string
  readonly scopes: readonly string[]
  /** Of a key that is for one project only. */
  readonly project?: string | undefined
  readonly createdAt: Date
  readonly createdBy?: string | undefined
  /** Absent when it was never used. */
  readonly usedAt?: Date | undefined
  readonly expiresAt?: Date | undefined
  readonly expired: boolean
}

export interface ApiKeys extends SettingsParts {
  /** Path below which `/create`, `/change` and `/revoke` take forms. */
  readonly action: string
  /** What keys are for here. */
  readonly lead: string
  readonly keys: readonly ApiKeyView[]
  readonly offered: readonly KeyScopes[]
  /** Whether a key can be for one project. */
  readonly projects: boolean
  /** Life times that can be chosen, in days; 0 for none. */
  readonly days: readonly number[]
  /** A key that was just made, shown this once. */
  readonly made?: { readonly name: string; readonly key: string } | undefined
  /** What was typed, and what is wrong with it. */
  readonly draft?:
    | {
        readonly name: string
        readonly scopes: readonly string[]
        readonly project: string
        readonly faults: { readonly name?: string; readonly scopes?: string; readonly project?: string }
      }
    | undefined
}

export function apiKeysPage(of: ApiKeys): string {
  const body = html`<h1>${of.title}</h1>
<p class="lead">${of.lead}</p>
${outcome({ done: of.done, problem: of.problem ?? (of.draft && 'No key is made: something is missing below.') })}
${of.made && shownOnce(of.made)}
${
  of.keys.length > 0
    ? html`<ul class="apps">\n${of.keys.map((key) => entry(key, of))}</ul>`
    : html`<div class="empty">
<p><strong>No key yet</strong></p>
<p>A key that you make appears here.</p>
</div>`
}
${create(of)}`
  return page({ ...of, body, width: 'wide' })
}

const shownOnce = ({ name, key }: { readonly name: string; readonly key: string }): Html =>
  html`<section class="notice note" role="status" aria-labelledby="made">
<p class="notice-title" id="made">${displayName(name)} is made</p>
<p>Copy the key now and keep it where you keep passwords. It is not shown again.</p>
${copyable({ id: 'new-key', label: 'New key', value: key })}
</section>`

function entry(key: ApiKeyView, of: ApiKeys): Html {
  const name = displayName(key.name)
  return html`<li>
<div class="app-head"><h2><bdi>${name}</bdi> <code>${key.hint}</code></h2>
${postForm({
  action: `${of.action}/revoke`,
  csrf: of.csrf,
  hidden: { key: key.id },
  body: html`<button class="danger" aria-label="Revoke ${name}">Revoke</button>`,
})}</div>
${facts([
  ['May', html`<code>${key.scopes.join(' ')}</code>`],
  ...(key.project === undefined
    ? []
    : [['Project', html`<bdi>${displayName(key.project)}</bdi> <span class="tag">Not for MCP</span>`] as const]),
  [
    'Made',
    html`${moment(key.createdAt)}${key.createdBy !== undefined && html` by <bdi>${displayName(key.createdBy)}</bdi>`}`,
  ],
  ['Last used', key.usedAt === undefined ? 'Never' : moment(key.usedAt)],
  [
    key.expired ? 'Expired' : 'Expires',
    key.expiresAt === undefined
      ? 'Never'
      : html`${moment(key.expiresAt)}${key.expired && html` <span class="tag">No longer good</span>`}`,
  ],
])}
<details>
<summary>Change <bdi>${name}</bdi></summary>
${postForm({
  action: `${of.action}/change`,
  csrf: of.csrf,
  hidden: { key: key.id },
  body: html`${field({ id: `name-${key.id}`, name: 'name', label: 'Name', value: key.name, required: true })}
${choices({
  id: `scopes-${key.id}`,
  name: 'scope',
  legend: 'What it may do',
  groups: grouped(of.offered, key.scopes),
})}
<button>Save</button>`,
})}
</details>
</li>
`
}

/** What a key has and nobody offers any more stays among the choices, so that saving takes nothing away unseen. */
function grouped(offered: readonly KeyScopes[], held: readonly string[]) {
  const known = new Set(offered.flatMap(({ scopes }) => scopes.map(({ name }) => name)))
  const rest = held.filter((name) => !known.has(name))
  const groups = offered.map(({ resource, scopes }) => ({
    title: offered.length > 1 ? displayName(resource) : undefined,
    options: scopes.map(({ name, text }) => ({ value: name, text, checked: held.includes(name) })),
  }))
  if (rest.length === 0) return groups
  return [
    ...groups,
    { title: 'No longer offered', options: rest.map((value) => ({ value, text: value, checked: true })) },
  ]
}

function create({ action, csrf, offered, projects, days, draft }: ApiKeys): Html {
  const { name, scopes = [], project, faults = {} } = draft ?? {}
  return html`<section class="part" aria-labelledby="create">
<h2 id="create">Make a key</h2>
${postForm({
  action: `${action}/create`,
  csrf,
  className: 'narrow-form',
  body: html`${field({ name: 'name', label: 'Name', value: name, hint: 'What it is for: a program, a person, a place.', required: true, error: faults.name })}
${choices({ id: 'scopes', name: 'scope', legend: 'What it may do', error: faults.scopes, groups: grouped(offered, scopes) })}
${select({
  name: 'days',
  label: 'How long it is good',
  value: '90',
  options: days.map((count) => ({ value: String(count), text: count === 0 ? 'Until it is revoked' : `${count} days` })),
})}
${
  projects &&
  field({
    name: 'project',
    label: 'Only for one project',
    value: project,
    hint: 'The id of the project, for a key that is for the REST API alone. Empty: for the whole organisation.',
    error: faults.project,
  })
}
<div class="actions"><button class="primary">Make the key</button></div>`,
})}
</section>`
}
