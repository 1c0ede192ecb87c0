import { defineTool, ToolFailure } from '@gatehouse/catalog'
import type { RoleChange } from '@gatehouse/contracts'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { unknownUser } from '../failures.ts'
import { id, isId, text } from '../vocabulary.ts'

export const updateMemberRole = defineTool<Sustainability>()({
  name: 'update_member_role',
  title: "Change a member's role",
  description:
    'Give a member of the organization another role, at most the own one. Returns the role before and now. ' +
    'What the member has open with the old role ends within a second. Not for inviting or removing people.',
  scopes: ['azalt:admin'],
  permissions: ['members:manage'],
  effect: 'writes',
  idempotent: true,
  input: z.strictObject({
    userId: id.describe('User ID, from list_users.'),
    role: text(60).min(1).describe('New role.'),
  }),
  output: z.object({
    userId: z.string(),
    role: z.string(),
    previousRole: z.string(),
    changed: z.boolean().describe('False if it was so already.'),
  }),
  async run({ userId, role }, { directory }) {
    if (!isId(userId)) throw unknownUser(userId)
    const change = await directory.changeRole(userId, role)
    if (change.kind === 'refused') throw refusal(change, userId)
    if (change.kind === 'unchanged') return { userId, role, previousRole: role, changed: false }
    return { userId, role: change.to, previousRole: change.from, changed: true }
  },
})

function refusal({ why, roles }: Extract<RoleChange, { kind: 'refused' }>, userId: string): ToolFailure {
  const givable = `You can give: ${roles.join(', ')}.`
  switch (why) {
    case 'member.unknown':
      return unknownUser(userId)
    case 'role.unknown':
      return new ToolFailure('role_unknown', `There is no such role. ${givable} Nothing was changed.`)
    case 'role.beyond-own':
      return new ToolFailure(
        'role_beyond_own',
        `The member's role, or the new one, permits more than yours. ${givable} Ask an owner. Nothing was changed.`,
      )
    case 'owner.last':
      return new ToolFailure(
        'last_owner',
        'They are the only owner of the organization. Make somebody else an owner first. Nothing was changed.',
      )
    case 'actor.not-allowed':
      return new ToolFailure(
        'not_allowed',
        'Missing permission: members:manage. Your role does not have it at this moment; ask an owner of the organization.',
      )
  }
}
