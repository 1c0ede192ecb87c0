import { eventually } from '@gatehouse/testkit'
import type { Test } from 'tap'
import type { OfficialClient } from '../clients.ts'
import { type Answer, rpc } from '../wire.ts'

/** What is taken back or changed is so everywhere within a second; the rest is for a slow machine. */
const SOON_MS = 10_000

export interface Result {
  readonly isError?: boolean
  readonly content: readonly { readonly text: string }[]
  // biome-ignore lint/suspicious/noExplicitAny: each tool has its own
  readonly structuredContent?: any
}

interface Governed {
  readonly modern: OfficialClient
  readonly token: string
  readonly call: (token: string, name: string, args?: Record<string, unknown>, slug?: string) => Promise<Result>
  readonly postTo: (slug: string, sent: ReturnType<typeof rpc>) => Promise<Answer>
  /** Tokens of others. */
  readonly kwame: () => Promise<string>
  readonly member: () => Promise<string>
}

/** Reading baseline and scenarios, and changing a draft by plan and confirmation. */
export async function governedActions(
  t: Test,
  { modern, token, call, postTo, kwame, member }: Governed,
): Promise<void> {
  const baseline = async () => {
    const [tree, costs, placements] = [
      await call(token, 'org_unit.tree', { layers: 10 }),
      await call(token, 'cost.list', { limit: 200 }),
      await call(token, 'placement.list', { limit: 200 }),
    ].map(({ structuredContent }) => structuredContent)
    return { tree, costs, placements }
  }
  const scenarios = (await call(token, 'scenario.list')).structuredContent.items as {
    id: string
    name: string
    status: string
  }[]
  const named = (name: string) => scenarios.find((one) => one.name === name)?.id ?? ''
  const draft = named('Night support in house')
  const before = await baseline()

  await t.test(
    'scenario_id null is the baseline, and is never written; a scenario has to be the tenant’s, and a draft [O9]',
    async (t) => {
      t.same((await call(token, 'org_unit.tree', { layers: 10, scenario_id: null })).structuredContent, before.tree)
      const inScenario = await call(token, 'org_unit.tree', {
        layers: 10,
        scenario_id: named('One delivery organisation'),
      })
      t.notSame(inScenario.structuredContent, before.tree)
      const unit_id = before.tree.units[0].id as string
      for (const [name, args] of [
        ['org_unit.tree', {}],
        ['cost.summary', { unit_id }],
        ['placement.list', {}],
        ['scenario.review.guide', {}],
      ] as const) {
        const foreign = { ...args, scenario_id: draft }
        const answer = await call(await kwame(), name, foreign, 'globex')
        t.match(answer, { isError: true, content: [{ text: /There is no scenario/ }] }, name)
      }
      const change = { action: 'add_unit', parent_id: unit_id, name: 'Ghosts' }
      const arguments_ = { ...change, scenario_id: null }
      t.match(
        (await postTo('acme', rpc(token, 'tools/call', { name: 'scenario.action.plan', arguments: arguments_ }))).text,
        'scenario_id',
      )
      const reviewed = await call(token, 'scenario.action.plan', {
        ...change,
        scenario_id: named('Commercial by region'),
      })
      t.match(reviewed, { isError: true, content: [{ text: /in_review: only a draft can be changed/ }] })
    },
  )

  await t.test(
    'a change is planned, which changes nothing, and confirmed once; who listens hears of it [O10]',
    async (t) => {
      const [unit] = (await call(token, 'org_unit.list', { kind: 'department', scenario_id: draft })).structuredContent
        .items
      const change = { scenario_id: draft, action: 'add_unit', parent_id: unit.parent_id, name: 'Night Desk' }
      const compare = async () => (await call(token, 'scenario.compare', { scenario_id: draft })).structuredContent
      const was = await compare()
      const planned = (await modern.call('scenario.action.plan', change)).structured
      t.match(planned, { summary: /Add the department “Night Desk”/, before: null })
      t.same(await compare(), was, 'nothing is changed by planning')

      const uri = `orgonaut://scenarios/${draft}/changes`
      const heard: string[] = []
      const subscription = await modern.listen?.([uri], (updated) => heard.push(updated))
      const count = heard.length
      const proposal = { proposal_id: planned.proposal_id }
      t.match(await call(await member(), 'scenario.action.confirm', proposal), {
        isError: true,
        content: [{ text: /Only who planned a change can confirm it/ }],
      })
      const done = await modern.call('scenario.action.confirm', proposal)
      t.notOk(done.isError, JSON.stringify(done.structured))
      await eventually(SOON_MS, 'resources/updated for the changes', () => heard.length > count)
      t.match(heard.at(-1), uri)
      await subscription?.close()
      const is = await compare()
      t.equal(is.changes.length, was.changes.length + 1)
      t.match(is.changes.at(-1), { kind: 'unit', name: 'Night Desk', before: null })
      const again = await call(token, 'scenario.action.confirm', proposal)
      t.match(again, { isError: true, content: [{ text: /confirmed already/ }] })
      t.same(await baseline(), before, 'the baseline is what it was')
    },
  )

  await t.test(
    'it needs the permission to draft and that of the domain; a scenario that changed meanwhile refuses [O10]',
    async (t) => {
      const theirs = await member()
      const [cost] = (await call(token, 'cost.list', { scenario_id: draft, limit: 1 })).structuredContent.items
      const change = { scenario_id: draft, action: 'change_cost', cost_id: cost.id, annual_amount: 1 }
      t.match(await call(theirs, 'scenario.action.plan', change), {
        isError: true,
        content: [
          {
            text: 'Missing permission: costs.write. It comes with the role owner or admin; an administrator of your workspace can give it.',
          },
        ],
      })
      const first = (await call(token, 'scenario.action.plan', change)).structuredContent
      const second = (await call(token, 'scenario.action.plan', { ...change, annual_amount: 2 })).structuredContent
      t.notOk((await call(token, 'scenario.action.confirm', { proposal_id: second.proposal_id })).isError)
      t.match(await call(token, 'scenario.action.confirm', { proposal_id: first.proposal_id }), {
        isError: true,
        content: [{ text: /changed since this was planned/ }],
      })
    },
  )

  await t.test('tools alone lead to every tool, resource and prompt, and to what they hold [O11]', async (t) => {
    const listed = async (method: string, member: string) =>
      (
        (await postTo('acme', rpc(token, method))).json().result as Record<
          string,
          { name: string; uri?: string; uriTemplate?: string }[]
        >
      )[member] ?? []
    const { tools, resources, prompts } = (await call(token, 'capability.list')).structuredContent
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).sort()
    t.same(names(tools), names(await listed('tools/list', 'tools')))
    t.same(names(prompts), names(await listed('prompts/list', 'prompts')))
    const addresses = [
      ...(await listed('resources/list', 'resources')).map(({ uri }) => uri),
      ...(await listed('resources/templates/list', 'resourceTemplates')).map(({ uriTemplate }) => uriTemplate),
    ]
    t.same(names(resources), addresses.sort())
    const explain = async (args: Record<string, unknown>) =>
      (await call(token, 'capability.explain', args)).structuredContent
    t.match(await explain({ name: 'scenario.action.plan' }), {
      kind: 'tool',
      arguments: { required: ['scenario_id', 'action'] },
    })
    const open = { arguments: { scenarioId: draft }, open: true }
    const { text } = await explain({ name: 'orgonaut://scenarios/{scenarioId}/changes', ...open })
    t.match(text, 'Night Desk')
    const prompt = await explain({ name: 'review_scenario', arguments: { scenario_id: draft }, open: true })
    t.match(prompt.text, /Review the scenario “Night support in house”/)
    const guide = (await call(token, 'org.review.guide')).structuredContent
    for (const { tool, arguments: given } of guide.steps) t.notOk((await call(token, tool, given)).isError, tool)
    const scenarioGuide = (await call(token, 'scenario.review.guide', { scenario_id: draft })).structuredContent
    for (const { tool, arguments: given } of scenarioGuide.steps)
      t.notOk((await call(token, tool, given)).isError, tool)
    t.ok(scenarioGuide.drafting.length > 0)
  })
}
