import type { Annotations, Content, Contents } from '@gatehouse/catalog'
import { FEATURES, type Revision } from '../protocol/revisions.ts'

type Wire = Readonly<Record<string, unknown>>

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

/** A block as the revision writes it. What it has no block for is told as text, so that nothing is lost. */
export function blockOf(block: Content, revision: Revision): Wire {
  const { annotations: given } = block
  const annotations = annotationsOf(given, revision)
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text, ...annotations }
    case 'image':
      return { type: 'image', data: base64(block.data), mimeType: block.mimeType, ...annotations }
    case 'audio':
      return FEATURES[revision].annotations
        ? { type: 'audio', data: base64(block.data), mimeType: block.mimeType, ...annotations }
        : { type: 'text', text: `Audio (${block.mimeType}), which this protocol version cannot carry.`, ...annotations }
    case 'resource':
      return { type: 'resource', resource: contentsOf(block.resource), ...annotations }
    case 'resource_link': {
      const { annotations: _given, ...link } = block
      return FEATURES[revision].links
        ? { ...link, ...annotations }
        : { type: 'text', text: `${block.title ?? block.name}: ${block.uri}`, ...annotations }
    }
  }
}

/** What was read from a resource: text as it is, bytes as base64. */
export const contentsOf = (contents: Contents): Wire =>
  'text' in contents
    ? { uri: contents.uri, mimeType: contents.mimeType, text: contents.text }
    : { uri: contents.uri, mimeType: contents.mimeType, blob: base64(contents.blob) }

/** As a member to be spread; nothing where there are none. */
export function annotationsOf(given: Annotations | undefined, revision: Revision): Wire {
  if (given === undefined) return {}
  const { lastModified, ...rest } = given
  const dated = lastModified !== undefined && FEATURES[revision].links
  return { annotations: { ...rest, ...(dated ? { lastModified } : {}) } }
}
