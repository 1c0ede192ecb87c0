import type { Tool } from '@gatehouse/catalog'
import { test } from 'tap'
import { ZodError } from 'zod'
import { tracker } from '../catalog.ts'
import type { Tracker } from '../domain.ts'
import { openTracker, principalOf } from '../tracker.fixture.ts'

const acme = principalOf('acme')
const long = (length: number) => 'x'.repeat(length)

interface Case {
  /** Accepted, with ids of this tenant. */
  readonly good: Readonly<Record<string, unknown>>
  /** Members that do not parse. */
  readonly malformed: readonly Readonly<Record<string, unknown>>[]
  /** Members that parse and are refused: the code, and what the model can do about it. */
  readonly refused: readonly (readonly [Readonly<Record<string, unknown>>, string, RegExp])[]
}

const NO_ENTRY = ['unknown_entry', /search\.global/] as const
const NO_PROJECT = ['unknown_project', /search\.global/] as const
const blank = ['empty_text', /white space/] as const
const foreignEntries = ['ent_foreign', 'ent_none', '', '../x', 'a\0b', "x' or true --", long(5_000)].map(
  (entryId) => [{ entryId }, ...NO_ENTRY] as const,
)
const foreignProjects = ['prj_foreign', 'prj_none', '', 'a\0b', long(5_000)].map(
  (projectId) => [{ projectId }, ...NO_PROJECT] as const,
)
const texts = (field: string, most: number) =>
  [7, null, ['x'], '', 'nul \0', '\ud800', long(most + 1)].map((value) => ({ [field]: value }))
const choices = (field: string) => ['', 'nonsense', 'Open', 7, ['open']].map((value) => ({ [field]: value }))
const tasks = [
  ...['', ' jira', 'jira/../x', 'ji\nra', 'jira/x', long(101), 7].map((system) => ({ system })),
  ...texts('externalId', 500),
  ...texts('externalRef', 500),
  ...['nowhere', 'javascript:alert(1)', 'file:///etc/passwd', `https://x.example/${long(2_000)}`, 7].map(
    (externalUrl) => ({ externalUrl }),
  ),
]

const CASES: Readonly<Record<string, Case>> = {
  'entry.create': {
    good: { projectId: 'prj_own', title: 'A title', type: 'feedback' },
    malformed: [
      ...[{ projectId: undefined }, { projectId: 7 }, { title: undefined }, { type: undefined }],
      ...texts('title', 500),
      ...texts('description', 100_000).filter(({ description }) => description !== ''),
      ...texts('assignedToId', 200),
      ...choices('type'),
      ...choices('priority'),
      ...choices('status'),
      { assignee: 'person_ada' },
    ],
    refused: [
      ...foreignProjects,
      [{ title: ' \n ' }, ...blank],
      [{ assignedToId: 'Ada' }, 'unknown_assignee', /Ada \(person_ada\)/],
    ],
  },
  'entry.update_status': {
    good: { entryId: 'ent_own', status: 'solved' },
    malformed: [
      ...[{ entryId: undefined }, { entryId: 7 }, { title: 'New' }],
      ...choices('status'),
      ...choices('priority'),
      ...texts('assignedToId', 200).filter(({ assignedToId }) => assignedToId !== null),
    ],
    refused: [
      ...foreignEntries,
      [{ status: undefined }, 'nothing_to_update', /status, priority or assignedToId/],
      [{ assignedToId: 'person_foreign' }, 'unknown_assignee', /person_ada/],
    ],
  },
  'entry.add_comment': {
    good: { entryId: 'ent_own', content: 'Seen' },
    malformed: [...[{ entryId: undefined }, { entryId: 7 }, { author: 'person_bo' }], ...texts('content', 100_000)],
    refused: [...foreignEntries, [{ content: '\t' }, ...blank]],
  },
  'task.link': {
    good: { entryId: 'ent_own', system: 'jira', externalId: 'T-1' },
    malformed: [{ entryId: undefined }, { entryId: 7 }, { system: undefined }, { title: 'New' }, ...tasks],
    refused: foreignEntries,
  },
  'task.sync_from_external': {
    good: { system: 'jira', externalId: 'T-2', projectId: 'prj_own', title: 'A title' },
    malformed: [
      ...[{ projectId: undefined }, { title: undefined }, { externalId: undefined }, { entryId: 'ent_own' }],
      ...texts('title', 500),
      ...texts('description', 100_000).filter(({ description }) => description !== ''),
      ...choices('type'),
      ...choices('status'),
      ...choices('priority'),
      ...tasks,
    ],
    refused: [
      ...foreignProjects,
      [{ title: ' ' }, ...blank],
      [{ projectId: 'prj_other' }, 'other_project', /Pass that projectId/],
    ],
  },
  'search.global': {
    good: { q: 'title' },
    malformed: [
      ...[{ q: undefined }, { q: 7 }, { q: 'nul \0' }, { query: 'title' }],
      ...[0, 101, 1.5, '50', null].map((limit) => ({ limit })),
    ],
    refused: [],
  },
}

test('what a model gets wrong is refused by every tool, changes nothing, and is told how to do better', async (t) => {
  const house = await openTracker(t)
  await house.person('acme', 'person_ada', 'Ada')
  await house.project('acme', 'prj_own', 'Own')
  await house.project('acme', 'prj_other', 'Other')
  await house.project('globex', 'prj_foreign', 'CANARY')
  await house.entry('acme', 'ent_own', 'prj_own')
  await house.entry('globex', 'ent_foreign', 'prj_foreign', 'CANARY')
  t.same(Object.keys(CASES).sort(), tracker.tools.map(({ name }) => name).sort(), 'every tool has its cases')
  for (const [name, { good, malformed, refused }] of Object.entries(CASES)) {
    const tool = tracker.tools.find((one) => one.name === name) as Tool<Tracker>
    await t.test(name, async (t) => {
      await house.call(tool, acme, good)
      await house.takeEvents()
      for (const wrong of malformed) {
        const shown = JSON.stringify(wrong).slice(0, 60)
        await t.rejects(house.call(tool, acme, { ...good, ...wrong }), ZodError, shown)
      }
      for (const [wrong, code, message] of refused) {
        const shown = JSON.stringify(wrong).slice(0, 60)
        const failure = await house.call(tool, acme, { ...good, ...wrong }).then(
          () => undefined,
          (error: Error) => error,
        )
        t.match(failure, { code, message }, shown)
        t.ok((failure?.message.length ?? 0) < 600, 'and is short')
        t.notMatch(failure?.message, 'CANARY')
      }
      t.strictSame(await house.takeEvents(), [])
    })
  }
})
