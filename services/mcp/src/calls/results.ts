import type { ToolReply } from '@gatehouse/catalog'
import type { z } from 'zod'
import type { Envelope } from '../protocol/envelope.ts'
import { FEATURES, type Revision } from '../protocol/revisions.ts'
import { blockOf } from './content.ts'
import type { Outcome } from './outcome.ts'

/** A tool's value: as structured content where the tool and the revision have it, and always as text for clients that read only that. */
export function valueResult(envelope: Envelope, revision: Revision, value: unknown, structured = true): Outcome {
  const json = JSON.stringify(value) ?? 'null'
  const content = `"content":[{"type":"text","text":${JSON.stringify(json)}}]`
  const members = structured && carries(revision, value) ? `${content},"structuredContent":${json}` : content
  return { kind: 'result', json: envelope.result(revision, members) }
}

/** A tool's own words. Structured content that stands alone is told as text too. */
export function replyResult(envelope: Envelope, revision: Revision, reply: ToolReply): Outcome {
  const { content, structured, isError } = reply
  const json = structured === undefined ? undefined : JSON.stringify(structured)
  const blocks =
    content.length === 0 && json !== undefined
      ? [{ type: 'text', text: json }]
      : content.map((block) => blockOf(block, revision))
  const members = [
    `"content":${JSON.stringify(blocks)}`,
    ...(json !== undefined && carries(revision, structured) ? [`"structuredContent":${json}`] : []),
    ...(isError === true ? ['"isError":true'] : []),
  ]
  return { kind: 'result', json: envelope.result(revision, members.join(',')) }
}

/** Up to 2025-11-25 structured content is an object; a value of another kind stands in the text alone. */
function carries(revision: Revision, value: unknown): boolean {
  const { structured } = FEATURES[revision]
  return structured === 'any' || (structured === 'object' && typeof value === 'object' && !Array.isArray(value))
}

/** A failure that the model can read and mend. */
export function failureResult(envelope: Envelope, revision: Revision, text: string): Outcome {
  const members = `"content":[{"type":"text","text":${JSON.stringify(text)}}],"isError":true`
  return { kind: 'result', json: envelope.result(revision, members) }
}

const MAX_ISSUES = 20
/** The names of members are the caller's own text: without an end they would fill a model's context. */
const MAX_LINE_CHARS = 500

const excerpt = (line: string): string => (line.length <= MAX_LINE_CHARS ? line : `${line.slice(0, MAX_LINE_CHARS)}…`)

/** Why arguments do not fit, one line each. */
export function argumentsText(tool: string, issues: readonly z.core.$ZodIssue[]): string {
  const lines = issues.slice(0, MAX_ISSUES).map((issue) => {
    const path = issue.path.map(String).join('.')
    return excerpt(`- ${path === '' ? '(arguments)' : path}: ${issue.message}`)
  })
  const more = issues.length > MAX_ISSUES ? [`- and ${issues.length - MAX_ISSUES} more`] : []
  return [`The arguments of ${tool} do not fit:`, ...lines, ...more].join('\n')
}
