import type { Icon } from '@gatehouse/catalog'
import { annotationsOf } from '../calls/content.ts'
import { FEATURES, type Revision } from '../protocol/revisions.ts'
import type { RegisteredPrompt, RegisteredResource, RegisteredTool } from './build.ts'

/** Title and icons where the revision has them. */
function shown({ title, icons }: { readonly title: string; readonly icons?: readonly Icon[] }, revision: Revision) {
  const features = FEATURES[revision]
  return {
    ...(features.titles ? { title } : {}),
    ...(features.icons && icons !== undefined && icons.length > 0 ? { icons } : {}),
  }
}

/** A tool as the revision lists it. */
export function describeTool({ tool, inputSchema, outputSchema }: RegisteredTool, revision: Revision) {
  const { structured, annotations } = FEATURES[revision]
  return {
    name: tool.name,
    ...shown(tool, revision),
    description: tool.description,
    inputSchema,
    ...(structured !== false && outputSchema !== undefined ? { outputSchema } : {}),
    ...(annotations
      ? {
          annotations: {
            title: tool.title,
            readOnlyHint: tool.effect === 'reads',
            destructiveHint: tool.effect === 'destroys',
            idempotentHint: tool.effect === 'reads' || tool.idempotent === true,
            openWorldHint: tool.openWorld === true,
          },
        }
      : {}),
  }
}

export function describeResource({ resource, pattern, uri }: RegisteredResource, revision: Revision) {
  const template = pattern.variables.length > 0
  return {
    ...(template ? { uriTemplate: uri } : { uri }),
    name: resource.name,
    ...shown(resource, revision),
    description: resource.description,
    mimeType: resource.mimeType,
    ...(template || resource.size === undefined ? {} : { size: resource.size }),
    ...annotationsOf(resource.annotations, revision),
  }
}

export function describePrompt({ prompt, arguments: named }: RegisteredPrompt, revision: Revision) {
  const { titles } = FEATURES[revision]
  return {
    name: prompt.name,
    ...shown(prompt, revision),
    description: prompt.description,
    ...(named.length > 0
      ? {
          arguments: named.map(({ title, ...rest }) => ({
            ...(titles && title !== undefined ? { title } : {}),
            ...rest,
          })),
        }
      : {}),
  }
}
