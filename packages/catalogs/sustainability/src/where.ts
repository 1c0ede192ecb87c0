import { type Sql, sql } from '@gatehouse/database'

/** All conditions that are there. One that is left out is no part of the statement, so that the planner can take the index of the rest. */
export const every = (...conditions: readonly (Sql | undefined)[]): Sql =>
  conditions.reduce<Sql>((all, one) => (one === undefined ? all : sql`${all} and ${one}`), sql`true`)

/** The condition for a value, where one was asked for. */
export const when = <T>(value: T | undefined, condition: (value: T) => Sql): Sql | undefined =>
  value === undefined ? undefined : condition(value)
