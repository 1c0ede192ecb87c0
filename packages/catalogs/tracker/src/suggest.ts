import type { Call } from '@gatehouse/catalog'
import type { Tracker } from './domain.ts'
import { suggestProjects } from './projects.store.ts'

const SUGGESTED = 100

/** Ids of projects, by a part of the name or the beginning of the id. */
export const projectIds = async (typed: string, { transact }: Call & Tracker): Promise<readonly string[]> => {
  if (typed.includes('\0')) return []
  return (await transact((tx) => suggestProjects(tx, typed, SUGGESTED))).map(({ id }) => id)
}
