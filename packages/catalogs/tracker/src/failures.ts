import { shownId, ToolFailure } from '@gatehouse/catalog'

/** Another tenant's project is as unknown as one that never was. */
export const unknownProject = (id: string): ToolFailure =>
  new ToolFailure(
    'unknown_project',
    `There is no project with the ID ${shownId(id)} in this workspace. Find it with search.global or in the projects resource.`,
  )

export const unknownEntry = (id: string): ToolFailure =>
  new ToolFailure(
    'unknown_entry',
    `There is no entry with the ID ${shownId(id)} in this workspace. Find it with search.global.`,
  )

export const nothingToUpdate = (): ToolFailure =>
  new ToolFailure('nothing_to_update', 'Pass at least one of status, priority or assignedToId; nothing was changed.')

export const otherProject = (entryId: string, projectId: string): ToolFailure =>
  new ToolFailure(
    'other_project',
    `This task is kept as the entry ${entryId} of the project ${projectId}. Pass that projectId; an entry does not change its project. Nothing was changed.`,
  )

export const emptyText = (field: string): ToolFailure =>
  new ToolFailure('empty_text', `${field} must hold more than white space; nothing was changed.`)
