import { defineResource } from '@gatehouse/catalog'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unitTree } from '../unit-tree.ts'

export const organisation = defineResource<OrgDesign>()({
  name: 'organisation',
  path: 'organisation',
  title: 'The organisation',
  description: 'The baseline as a tree: the top and three layers of active units below it, at most 300 units.',
  mimeType: 'application/json',
  ...needs('org-units.read'),
  subscribable: false,
  read: (_variables, { transact }) =>
    transact(async (tx) => ({ scenario_id: null, ...(await unitTree(tx, null, undefined, 3)) })),
})
