/** Blocks of a tool's result or a prompt's message (MCP 2025-11-25 and 2026-07-28, `ContentBlock`). `data` and `blob` are bytes. */
export type Content = { readonly annotations?: Annotations } & (
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly data: Uint8Array; readonly mimeType: string }
  | { readonly type: 'audio'; readonly data: Uint8Array; readonly mimeType: string }
  | { readonly type: 'resource'; readonly resource: Contents }
  | {
      readonly type: 'resource_link'
      readonly uri: string
      readonly name: string
      readonly title?: string
      readonly description?: string
      readonly mimeType?: string
      readonly size?: number
    }
)

/** What a resource holds: text, or bytes. */
export type Contents = { readonly uri: string; readonly mimeType: string } & (
  | { readonly text: string }
  | { readonly blob: Uint8Array }
)

export interface Annotations {
  readonly audience?: readonly ('user' | 'assistant')[]
  /** 0 (least) to 1 (most important). */
  readonly priority?: number
  /** ISO 8601. */
  readonly lastModified?: string
}

export interface Icon {
  /** `https:` of the company's own, or `data:`. */
  readonly src: string
  readonly mimeType?: string
  /** `48x48`, `any`. */
  readonly sizes?: readonly string[]
  readonly theme?: 'light' | 'dark'
}

export interface PromptMessage {
  readonly role: 'user' | 'assistant'
  readonly content: Content
}

const REPLY = Symbol('reply')
const CONTENTS = Symbol('contents')

/** A tool's result in its own words, beside or instead of structured content. */
export interface ToolReply {
  readonly [REPLY]: true
  readonly content: readonly Content[]
  readonly structured?: unknown
  readonly isError?: boolean
}

export const reply = (
  content: readonly Content[],
  more: { readonly structured?: unknown; readonly isError?: boolean } = {},
): ToolReply => ({ [REPLY]: true, content, ...more })

export const isReply = (value: unknown): value is ToolReply =>
  typeof value === 'object' && value !== null && REPLY in value

/** What was read, where one JSON value does not say it: bytes, or several parts. */
export interface ReadContents {
  readonly [CONTENTS]: true
  readonly contents: readonly Contents[]
}

export const contents = (list: readonly Contents[]): ReadContents => ({ [CONTENTS]: true, contents: list })

export const isContents = (value: unknown): value is ReadContents =>
  typeof value === 'object' && value !== null && CONTENTS in value
