import { sql, type Tx } from '@gatehouse/database'
import type { ScenarioStatus } from './vocabulary.ts'

export interface ScenarioRow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly status: ScenarioStatus
  readonly revision: bigint
  readonly created_by: string
  readonly created_at: Date
  readonly updated_at: Date
  /** To the microsecond, for cursors. */
  readonly at: string
}

const COLUMNS = sql`id, name, description, status, revision, created_by, created_at, updated_at, to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`

export function scenario_get(tx: Tx, id: string): Promise<ScenarioRow | undefined> {
  return tx.maybe<ScenarioRow>(sql`select ${COLUMNS} from orgdesign.scenarios where id = ${id}`)
}

/** Holds the row until the end of the transaction: of those that would change a scenario one goes on at a time. */
export function scenario_lock(tx: Tx, id: string): Promise<ScenarioRow | undefined> {
  return tx.maybe<ScenarioRow>(sql`select ${COLUMNS} from orgdesign.scenarios where id = ${id} for update`)
}

export type ScenarioKey = readonly [updatedAt: string, id: string]

/** Latest change first. */
export function scenario_list(
  tx: Tx,
  page: {
    readonly status?: ScenarioStatus | undefined
    readonly after?: ScenarioKey | undefined
    readonly atMost: number
  },
): Promise<ScenarioRow[]> {
  const { status = null, after } = page
  const from = after === undefined ? sql`true` : sql`(updated_at, id) < (${after[0]}::timestamptz, ${after[1]})`
  return tx.rows<ScenarioRow>(sql`
    select ${COLUMNS} from orgdesign.scenarios
    where ${from} and (${status}::text is null or status = ${status})
    order by updated_at desc, id desc limit ${page.atMost}`)
}

/** Says that it changed, and gives the revision that its rows' own changes have led to. */
export function scenario_touch(tx: Tx, id: string, now: Date): Promise<{ readonly revision: bigint }> {
  return tx.one(sql`
    update orgdesign.scenarios set updated_at = greatest(updated_at, ${now}) where id = ${id} returning revision`)
}
