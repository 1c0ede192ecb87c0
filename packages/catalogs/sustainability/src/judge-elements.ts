import { newId, type ToolFailure } from '@gatehouse/catalog'
import { z } from 'zod'
import { contradiction, unknownElement } from './failures.ts'
import type { ElementRow } from './forms.store.ts'
import { elementKind, id, words } from './vocabulary.ts'

export const ELEMENTS_MAX = 100

/** A question as an argument. */
export const element = z.strictObject({
  label: words(300),
  kind: elementKind,
  unit: words(20).optional().describe('Only of a number.'),
  required: z.boolean().default(false),
  options: z.array(words(200)).max(50).optional().describe('Only of a choice.'),
})

export const changedElement = element.extend({
  id: id.optional().describe('Of one that stays.'),
})

export type GivenElement = z.output<typeof changedElement>

export interface JudgedElements {
  readonly kept: readonly ElementRow[]
  readonly added: readonly ElementRow[]
}

/**
 * What a form's elements become: those named by id stay as changed, the others are new, in the order given. Pure but for the new ids.
 * @param before elements that the form has
 * @throws ToolFailure that names the element by its place, from 1
 */
export function judgeElements(given: readonly GivenElement[], before: readonly ElementRow[]): JudgedElements {
  const known = new Map(before.map((row) => [row.id, row]))
  const named = new Set<string>()
  const rows = given.map((one, position) => {
    const fault = faultOf(one, position + 1)
    if (fault !== undefined) throw fault
    const { id, label, kind, unit = null, required, options = [] } = one
    const row = { position, label, kind, unit, required, options }
    if (id === undefined) return { ...row, id: newId('elm'), isNew: true }
    const was = known.get(id)
    if (was === undefined) throw unknownElement(id)
    if (named.has(id)) throw contradiction(`Element ${position + 1} has the ID of another one in the list.`)
    if (was.kind !== kind) {
      throw contradiction(
        `Element ${position + 1} is of kind ${was.kind}, which cannot change since answers may be there. Leave its id out to make a new one.`,
      )
    }
    named.add(id)
    return { ...row, id, isNew: false }
  })
  const plain = (isNew: boolean) => rows.filter((row) => row.isNew === isNew).map(({ isNew: _, ...row }) => row)
  return { kept: plain(false), added: plain(true) }
}

function faultOf({ kind, unit, options }: GivenElement, place: number): ToolFailure | undefined {
  if (kind === 'choice' && new Set(options ?? []).size < 2) {
    return contradiction(`Element ${place} is a choice and needs at least two different options.`)
  }
  if (kind === 'choice' && new Set(options).size < (options?.length ?? 0)) {
    return contradiction(`Element ${place} has an option twice.`)
  }
  if (kind !== 'choice' && options !== undefined && options.length > 0) {
    return contradiction(`Element ${place} has options and is no choice but ${kind}.`)
  }
  if (kind !== 'number' && unit !== undefined) {
    return contradiction(`Element ${place} has a unit and is no number but ${kind}.`)
  }
  return undefined
}
