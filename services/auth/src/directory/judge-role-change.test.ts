import { test } from 'tap'
import { judgeRoleChange, type RoleQuestion } from './judge-role-change.ts'

const ROLES = {
  owner: ['data:read', 'data:write', 'members:manage', 'billing:manage'],
  admin: ['data:read', 'data:write', 'members:manage'],
  member: ['data:read', 'data:write'],
  viewer: ['data:read'],
  stranger: ['elsewhere'],
}
const ALL = ['owner', 'admin', 'member', 'viewer']

const CASES: readonly [string, Omit<RoleQuestion, 'roles' | 'all'> & { all?: readonly string[] }, object][] = [
  [
    'an admin raises a viewer to member',
    { actor: 'admin', member: 'viewer', to: 'member' },
    { kind: 'changed', from: 'viewer', to: 'member' },
  ],
  ['an admin makes another admin', { actor: 'admin', member: 'member', to: 'admin' }, { kind: 'changed' }],
  ['an owner makes another owner', { actor: 'owner', member: 'member', to: 'owner' }, { kind: 'changed' }],
  [
    'the same role again changes nothing',
    { actor: 'admin', member: 'member', to: 'member' },
    { kind: 'unchanged', role: 'member' },
  ],
  [
    'who does not belong any more may do nothing',
    { actor: undefined, member: 'member', to: 'viewer' },
    { kind: 'refused', why: 'actor.not-allowed', roles: [] },
  ],
  [
    'a role without the permission may do nothing',
    { actor: 'member', member: 'viewer', to: 'member' },
    { kind: 'refused', why: 'actor.not-allowed' },
  ],
  [
    'a role that nobody declared may do nothing',
    { actor: 'constructor', member: 'viewer', to: 'member' },
    { kind: 'refused', why: 'actor.not-allowed' },
  ],
  [
    'nobody of that id',
    { actor: 'admin', member: undefined, to: 'member' },
    { kind: 'refused', why: 'member.unknown', roles: ['admin', 'member', 'viewer'] },
  ],
  [
    'no role of that name',
    { actor: 'admin', member: 'viewer', to: 'emperor' },
    { kind: 'refused', why: 'role.unknown' },
  ],
  [
    'nor of a name that every object has',
    { actor: 'admin', member: 'viewer', to: 'constructor' },
    { kind: 'refused', why: 'role.unknown' },
  ],
  [
    'an admin makes no owner',
    { actor: 'admin', member: 'member', to: 'owner' },
    { kind: 'refused', why: 'role.beyond-own' },
  ],
  [
    'an admin does not raise themselves to owner',
    { actor: 'admin', member: 'admin', to: 'owner' },
    { kind: 'refused', why: 'role.beyond-own' },
  ],
  [
    'an admin takes nothing from an owner',
    { actor: 'admin', member: 'owner', to: 'viewer' },
    { kind: 'refused', why: 'role.beyond-own' },
  ],
  [
    'a role beside the own is beyond it',
    { actor: 'owner', member: 'viewer', to: 'stranger' },
    { kind: 'refused', why: 'role.beyond-own' },
  ],
  [
    'the last who manages members stays so',
    { actor: 'owner', member: 'owner', to: 'viewer', all: ['owner', 'member'] },
    { kind: 'refused', why: 'member.last-manager' },
  ],
  [
    'one of two goes down',
    { actor: 'owner', member: 'owner', to: 'viewer', all: ['owner', 'admin'] },
    { kind: 'changed' },
  ],
  [
    'the last one may take another role that manages members',
    { actor: 'owner', member: 'owner', to: 'admin', all: ['owner', 'member'] },
    { kind: 'changed' },
  ],
]

for (const [that, { all = ALL, ...question }, verdict] of CASES) {
  test(that, async (t) => void t.match(judgeRoleChange({ roles: ROLES, all, ...question }), verdict))
}
