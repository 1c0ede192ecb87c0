import type { Offer } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Plane } from '../plane.ts'

/** What a guide is about. */
export interface Subject {
  readonly unitId: string
  readonly scenarioId: Plane
}

export interface GuideStep {
  readonly focus: string
  /** What to find out. */
  readonly ask: string
  readonly tool: string
  readonly with: (subject: Subject) => Readonly<Record<string, unknown>>
}

const inPlane = ({ scenarioId }: Subject) => (scenarioId === null ? {} : { scenario_id: scenarioId })

export const FOCUS = ['structure', 'staffing', 'costs', 'metrics'] as const

/** How to review an organisation, or a scenario of it. */
export const ORGANISATION: readonly GuideStep[] = [
  {
    focus: 'structure',
    ask: 'How many layers are there, and which units have a single unit or none below them?',
    tool: 'org_unit.tree',
    with: (subject) => ({ unit_id: subject.unitId, layers: 4, ...inPlane(subject) }),
  },
  {
    focus: 'structure',
    ask: 'What is the unit for, and does what is below it serve that?',
    tool: 'org_unit.get',
    with: (subject) => ({ unit_id: subject.unitId, ...inPlane(subject) }),
  },
  {
    focus: 'staffing',
    ask: 'Which teams overlap in purpose, and which have no clear one?',
    tool: 'team.list',
    with: inPlane,
  },
  {
    focus: 'staffing',
    ask: 'Which positions are vacant, and in units that miss their targets?',
    tool: 'placement.list',
    with: (subject) => ({ vacant: true, ...inPlane(subject) }),
  },
  {
    focus: 'costs',
    ask: 'Where does the money go, by category?',
    tool: 'cost.summary',
    with: (subject) => ({ unit_id: subject.unitId, ...inPlane(subject) }),
  },
  {
    focus: 'costs',
    ask: 'Which single items are the largest, and does each have an owner?',
    tool: 'cost.list',
    with: (subject) => ({ limit: 10, ...inPlane(subject) }),
  },
  {
    focus: 'metrics',
    ask: 'Which figures miss their targets, and for how many quarters?',
    tool: 'org_metric.list',
    with: (subject) => ({ limit: 50, ...inPlane(subject) }),
  },
  {
    focus: 'structure',
    ask: 'Is there a scenario already that answers what you found?',
    tool: 'scenario.list',
    with: () => ({}),
  },
]

export const SCENARIO: readonly GuideStep[] = [
  {
    focus: 'structure',
    ask: 'What does the scenario change, beside the baseline?',
    tool: 'scenario.compare',
    with: ({ scenarioId }) => ({ scenario_id: scenarioId }),
  },
  {
    focus: 'structure',
    ask: 'What would the organisation look like?',
    tool: 'org_unit.tree',
    with: (subject) => ({ unit_id: subject.unitId, layers: 4, ...inPlane(subject) }),
  },
  {
    focus: 'costs',
    ask: 'What does the organisation cost today?',
    tool: 'cost.summary',
    with: ({ unitId }) => ({ unit_id: unitId }),
  },
  {
    focus: 'costs',
    ask: 'And what would it cost?',
    tool: 'cost.summary',
    with: (subject) => ({ unit_id: subject.unitId, ...inPlane(subject) }),
  },
  {
    focus: 'staffing',
    ask: 'Which positions would be vacant?',
    tool: 'placement.list',
    with: (subject) => ({ vacant: true, ...inPlane(subject) }),
  },
  {
    focus: 'metrics',
    ask: 'Does what it changes touch units that miss their targets?',
    tool: 'org_metric.list',
    with: () => ({ limit: 50 }),
  },
]

export const guideFields = {
  steps: z
    .array(
      z.object({
        focus: z.string().describe('What it is about.'),
        ask: z.string().describe('What to find out.'),
        tool: z.string().describe('Tool to call.'),
        arguments: z.record(z.string(), z.unknown()).describe('Its arguments.'),
      }),
    )
    .describe('In this order.'),
  resources: z.array(z.string()).describe('URIs to read; through capability.explain where a client shows tools only.'),
  prompts: z.array(z.string()).describe('Prompts that fit; likewise.'),
}

/** The steps whose tools this principal has, and what else the deployment offers them. Pure. */
export function guideFor(steps: readonly GuideStep[], offer: Offer, subject: Subject, focus?: string) {
  const tools = new Set(offer.tools.map(({ name }) => name))
  return {
    steps: steps
      .filter((step) => tools.has(step.tool) && (focus === undefined || step.focus === focus))
      .map((step) => ({ focus: step.focus, ask: step.ask, tool: step.tool, arguments: step.with(subject) })),
    resources: offer.resources.map(({ uri }) => uri),
    prompts: offer.prompts.map(({ name }) => name),
  }
}
