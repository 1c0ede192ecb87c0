import { field, outcome, postForm, select } from '../elements.ts'
import { type Html, html } from '../html.ts'
import { page, type SettingsParts } from '../shell.ts'
import { displayName } from '../text.ts'

export interface ClientHosts extends SettingsParts {
  readonly tenant: { readonly name: string }
  /** Path below which `/put` and `/remove` take forms. */
  readonly action: string
  readonly rules: readonly { readonly host: string; readonly rule: 'allow' | 'deny' }[]
  readonly draft?: { readonly host: string; readonly fault: string } | undefined
}

const RULES = { allow: 'Allow', deny: 'Deny' } as const

export function clientHostsPage(of: ClientHosts): string {
  const only = of.rules.some(({ rule }) => rule === 'allow')
  const body = html`<h1>${of.title}</h1>
<p class="lead">Which applications the people of <bdi>${displayName(of.tenant.name)}</bdi> may connect. ${
    only ? 'Only those of the hosts that are allowed here.' : 'Every application that is not denied here.'
  }</p>
${outcome({ done: of.done, problem: of.problem ?? (of.draft && 'No rule is added: see the host below.') })}
${
  of.rules.length > 0
    ? html`<ul class="apps rows">\n${of.rules.map((rule) => entry(rule, of))}</ul>`
    : html`<div class="empty">
<p><strong>No rule yet</strong></p>
<p>People may connect every application.</p>
</div>`
}
${add(of)}`
  return page({ ...of, body, width: 'wide' })
}

const entry = ({ host, rule }: ClientHosts['rules'][number], { action, csrf }: ClientHosts): Html => html`<li>
<div class="app-head"><p><span class="tag${rule === 'deny' && ' bad'}">${RULES[rule]}</span> <code>${host}</code></p>
${postForm({
  action: `${action}/remove`,
  csrf,
  hidden: { host },
  body: html`<button class="danger" aria-label="Remove the rule about ${host}">Remove</button>`,
})}</div>
</li>
`

const add = ({ action, csrf, draft }: ClientHosts): Html => html`<section class="part" aria-labelledby="add">
<h2 id="add">Add a rule</h2>
<p class="quiet">Applications that are no longer let in lose their access at once. As soon as one host is allowed, all others are not.</p>
${postForm({
  action: `${action}/put`,
  csrf,
  className: 'narrow-form',
  body: html`${field({ name: 'host', label: 'Host', value: draft?.host, required: true, hint: 'A host as claude.ai, with all below it; localhost for programs on people’s computers; or a scheme as cursor: for an installed application.', error: draft?.fault })}
${select({ name: 'rule', label: 'Rule', value: 'deny', options: Object.entries(RULES).map(([value, text]) => ({ value, text })) })}
<div class="actions"><button class="primary">Add the rule</button></div>`,
})}
</section>`
