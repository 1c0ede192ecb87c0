import type { DirectoryPort, MemberFacts, OrganisationFacts, RoleChange } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import { ToolFailure } from './define.ts'

/**
 * A principal's own organisation and its people, as auth knows them: a catalog has no rows of theirs and never opens auth's database.
 * Each throws ToolFailure when auth does not answer.
 */
export interface Directory {
  organisation(): Promise<OrganisationFacts | undefined>
  /** `undefined`: belongs to another organisation, to none, or cannot sign in. */
  member(id: string): Promise<MemberFacts | undefined>
  /** By email address. */
  members(page: MembersPage): Promise<readonly MemberFacts[]>
  /** In the name of the principal, whose own role counts at that moment. Only people can: others are refused. */
  changeRole(id: string, role: string): Promise<RoleChange>
}

export interface MembersPage {
  /** Address of the last member of the page before. */
  readonly after?: string | undefined
  readonly role?: string | undefined
  /** Part of a name or of an address. */
  readonly like?: string | undefined
  readonly limit: number
}

export type DirectoryOf = (principal: Principal) => Directory

const away = () =>
  new ToolFailure('directory.away', 'The account service does not answer at the moment. Try again in a minute.')

const endUnknown = () =>
  new ToolFailure(
    'directory.end-unknown',
    'The account service did not answer, so it is not known whether the role was changed. Look at the member before you try again.',
  )

/** A directory for each principal, who can name no other tenant. */
export function directoryFor(port: DirectoryPort): DirectoryOf {
  return ({ tenant, kind, subject, client }) => ({
    organisation: async () => (await orElse(away, port.organisation({ tenant }))).organisation ?? undefined,
    member: async (person) => (await orElse(away, port.member({ tenant, person }))).member ?? undefined,
    members: async (page) => (await orElse(away, port.members({ tenant, ...page }))).members,
    async changeRole(person, role) {
      if (kind !== 'person') return { kind: 'refused', why: 'actor.not-allowed', roles: [] }
      const actor = { person: subject, ...(client === undefined ? {} : { client }) }
      return (await orElse(endUnknown, port.changeRole({ tenant, actor, person, role }))).change
    },
  })
}

/** Of a catalog that was opened without one. */
export const noDirectory: DirectoryOf = () => ({
  organisation: () => Promise.reject(away()),
  member: () => Promise.reject(away()),
  members: () => Promise.reject(away()),
  changeRole: () => Promise.reject(away()),
})

async function orElse<T>(failure: () => ToolFailure, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    throw Object.assign(failure(), { cause })
  }
}
