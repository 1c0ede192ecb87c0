import type { Tx } from '@gatehouse/database'
import type { z } from 'zod'
import type { Ability } from '../access.ts'

/** What a change would come to, on the state it was judged by. */
export interface Judged {
  /** One sentence, for the person who decides. */
  readonly summary: string
  /** What is changed, as it is; null for what is added. */
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>>
  /** What one may overlook. */
  readonly remarks: readonly string[]
}

/** A kind of change inside a scenario. Planning loads and judges; confirming loads, judges and applies. */
export interface Action<C extends object, F> {
  /** The domain's own permission, beside that to draft. */
  readonly ability: Ability
  /** The arguments of the tool that belong to it: all of `needed`, and of `one` at least one. */
  readonly needed: readonly string[]
  readonly optional?: readonly string[]
  readonly one?: readonly string[]
  /** Of the change as it is kept with its proposal. */
  readonly schema: z.ZodType<C>
  /** The change from the arguments, which have been looked at: what has to be chosen now is chosen now. */
  readonly read: (given: Readonly<Record<string, unknown>>) => unknown
  /** What it is judged by. */
  load(tx: Tx, scenarioId: string, change: C): Promise<F>
  /** Pure. @throws ToolFailure when the change does not fit */
  judge(change: C, facts: F): Judged
  apply(tx: Tx, scenarioId: string, change: C, facts: F, now: Date): Promise<unknown>
}

export const defineAction = <C extends object, F>(action: Action<C, F>): Action<C, F> => action
