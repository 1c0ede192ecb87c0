import { defineResource } from '@gatehouse/catalog'
import { mayUse, needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unitDetail } from '../unit-detail.ts'

export const unit = defineResource<OrgDesign>()({
  name: 'org-unit',
  path: 'org-units/{unitId}',
  title: 'Organisation unit',
  description:
    'One unit of the baseline: its purpose, the line above it, what is below it, and its staffing for who may see placements.',
  mimeType: 'application/json',
  ...needs('org-units.read'),
  subscribable: false,
  read: ({ unitId }, { transact, offer }) =>
    transact((tx) => unitDetail(tx, null, unitId, mayUse(offer, 'placements.read'))),
})
