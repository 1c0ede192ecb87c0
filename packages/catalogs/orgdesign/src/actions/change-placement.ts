import { z } from 'zod'
import { refusedChange, unknownPlacement, unknownTeam, unknownUnit } from '../failures.ts'
import { type PlacementRow, placement_get, placement_update } from '../placements.store.ts'
import { type TeamRow, team_get } from '../teams.store.ts'
import { type UnitRow, unit_get } from '../units.store.ts'
import { isId } from '../vocabulary.ts'
import { defineAction } from './action.ts'

interface Change {
  readonly action: 'change_placement'
  readonly placement_id: string
  readonly unit_id?: string | undefined
  readonly team_id?: string | null | undefined
  readonly fte?: number | undefined
}

interface Facts {
  readonly placement: PlacementRow | undefined
  readonly unit: UnitRow | undefined
  readonly team: TeamRow | undefined
}

export const changePlacement = defineAction({
  ability: 'placements.write',
  needed: ['placement_id'],
  one: ['unit_id', 'team_id', 'fte'],
  schema: z.strictObject({
    action: z.literal('change_placement'),
    placement_id: z.string(),
    unit_id: z.string().optional(),
    team_id: z.string().nullable().optional(),
    fte: z.number().optional(),
  }),
  read: ({ placement_id, unit_id, team_id, fte }) => ({
    action: 'change_placement',
    placement_id,
    unit_id,
    team_id,
    fte,
  }),
  async load(tx, scenarioId, { placement_id, unit_id, team_id }): Promise<Facts> {
    return {
      placement: isId(placement_id) ? await placement_get(tx, scenarioId, placement_id) : undefined,
      unit: unit_id !== undefined && isId(unit_id) ? await unit_get(tx, scenarioId, unit_id) : undefined,
      team: typeof team_id === 'string' && isId(team_id) ? await team_get(tx, scenarioId, team_id) : undefined,
    }
  },
  judge(change, facts) {
    const { placement, to, where } = resolve(change, facts)
    const was = { unit_id: placement.unit_id, team_id: placement.team_id, fte: placement.fte }
    const will = { unit_id: to.unitId, team_id: to.teamId, fte: to.fte }
    const same = was.unit_id === will.unit_id && was.team_id === will.team_id && was.fte === will.fte
    const who = `${placement.title} (${placement.person ?? 'vacant'})`
    if (same) throw refusedChange('nothing_to_change', `${who} is so already.`)
    const left = to.unitId !== placement.unit_id && placement.team_name !== null && change.team_id === undefined
    return {
      summary: `Place ${who} in ${where}, with ${to.fte} of full time.`,
      before: { placement_id: placement.id, ...was },
      after: { placement_id: placement.id, ...will },
      remarks: left ? [`It leaves the team “${placement.team_name}”, which belongs to the unit it leaves.`] : [],
    }
  },
  async apply(tx, scenarioId, change, facts, now) {
    const { to } = resolve(change, facts)
    await placement_update(tx, scenarioId, change.placement_id, to, now)
  },
})

/** A team belongs to one unit: who changes to another unit without naming a team there leaves theirs. */
function resolve(change: Change, { placement, unit, team }: Facts) {
  if (placement === undefined) throw unknownPlacement(change.placement_id)
  if (change.unit_id !== undefined && unit === undefined) throw unknownUnit(change.unit_id)
  if (unit?.status === 'closed') throw refusedChange('unit_closed', `“${unit.name}” is closed: choose an active unit.`)
  if (typeof change.team_id === 'string' && team === undefined) throw unknownTeam(change.team_id)
  const unitId = unit?.id ?? placement.unit_id
  if (team !== undefined && team.unit_id !== unitId) {
    throw refusedChange(
      'team_elsewhere',
      `The team “${team.name}” belongs to “${team.unit_name}”: pass unit_id ${team.unit_id} too, or another team.`,
    )
  }
  const stays = change.team_id === undefined && unitId === placement.unit_id
  const teamName = stays ? placement.team_name : (team?.name ?? null)
  const where = `“${unit?.name ?? placement.unit_name}”${teamName === null ? '' : `, team “${teamName}”`}`
  const to = { unitId, teamId: stays ? placement.team_id : (team?.id ?? null), fte: change.fte ?? placement.fte }
  return { placement, to, where }
}
