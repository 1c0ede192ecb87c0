import { loadProfile } from '@gatehouse/profiles'
import { test } from 'tap'
import { judgeRoleChange, type RoleQuestion } from './judge-role-change.ts'

const profile = {
  ...loadProfile('align'),
  roles: {
    owner: ['data:read', 'data:write', 'members:manage', 'billing:manage'],
    admin: ['data:read', 'data:write', 'members:manage'],
    member: ['data:read', 'data:write'],
    viewer: ['data:read'],
  },
}

const CASES: readonly [string, RoleQuestion, object | undefined][] = [
  ['an admin raises a viewer to member', { own: 'admin', member: 'viewer', to: 'member' }, undefined],
  ['an admin makes another admin', { own: 'admin', member: 'member', to: 'admin' }, undefined],
  ['an owner makes another owner', { own: 'owner', member: 'member', to: 'owner' }, undefined],
  [
    'the same role again changes nothing',
    { own: 'admin', member: 'member', to: 'member' },
    { kind: 'unchanged', role: 'member' },
  ],
  [
    'who does not belong any more may do nothing',
    { own: undefined, member: 'member', to: 'viewer' },
    { kind: 'refused', why: 'actor.not-allowed', roles: [] },
  ],
  [
    'a role without the permission may do nothing',
    { own: 'member', member: 'viewer', to: 'member' },
    { kind: 'refused', why: 'actor.not-allowed', roles: [] },
  ],
  [
    'a role that nobody declared may do nothing',
    { own: 'constructor', member: 'viewer', to: 'member' },
    { kind: 'refused', why: 'actor.not-allowed' },
  ],
  [
    'nobody of that id; what they could give is told',
    { own: 'admin', member: undefined, to: 'member' },
    { kind: 'refused', why: 'member.unknown', roles: ['admin', 'member', 'viewer'] },
  ],
  ['no role of that name', { own: 'admin', member: 'viewer', to: 'emperor' }, { kind: 'refused', why: 'role.unknown' }],
  [
    'nor of a name that every object has',
    { own: 'owner', member: 'viewer', to: 'constructor' },
    { kind: 'refused', why: 'role.unknown' },
  ],
  ['an admin makes no owner', { own: 'admin', member: 'member', to: 'owner' }, { why: 'role.beyond-own' }],
  [
    'an admin does not raise themselves to owner',
    { own: 'admin', member: 'admin', to: 'owner' },
    { why: 'role.beyond-own' },
  ],
  ['an admin takes nothing from an owner', { own: 'admin', member: 'owner', to: 'viewer' }, { why: 'role.beyond-own' }],
]

for (const [that, question, verdict] of CASES) {
  test(that, async (t) => {
    const judged = judgeRoleChange(question, profile)
    if (verdict === undefined) t.equal(judged, undefined)
    else t.match(judged, verdict)
  })
}
