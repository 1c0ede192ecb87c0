import { shownId, ToolFailure } from '@gatehouse/catalog'

/** Another tenant's assessment is as unknown as one that never was. */
export const unknownAssessment = (id: string): ToolFailure =>
  new ToolFailure(
    'unknown_assessment',
    `There is no assessment with the ID ${shownId(id)} in this workspace. list_assessments gives the IDs.`,
  )

export const unknownDomain = (id: string): ToolFailure =>
  new ToolFailure(
    'unknown_domain',
    `The assessment has no domain with the ID ${shownId(id)}. get_assessment gives the IDs of its domains.`,
  )

export const unknownFramework = (name: string): ToolFailure =>
  new ToolFailure(
    'unknown_framework',
    `No finalized assessment is of the framework ${shownId(name)}. get_score_trend without framework names those that are.`,
  )
