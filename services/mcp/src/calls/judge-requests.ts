import { isObject } from '../protocol/classify.ts'

/**
 * Words that a member of a form is named by when it asks for a secret, as they stand between the capitals, lines and dots of a name. What
 * is only mentioned in a text is not judged: a description may say that no password is needed.
 */
const SECRETS = [
  /\bpass ?(?:word|phrase|code)\b/,
  /\b(?:api|private|secret|access|signing) ?keys?\b/,
  /\b(?:access|refresh|bearer|auth|session|api) ?tokens?\b/,
  /\b(?:client|shared) ?secret\b/,
  /^(?:secret|token|pin|cvv|cvc|iban|otp)$/,
  /\b(?:credit|debit|payment)? ?card ?(?:number|no|code|expiry)\b/,
  /\b(?:credit|debit) ?card\b/,
  /\bcredentials?\b/,
]

/** `apiKey`, `api_key` and `API Key` are one. */
const wordsOf = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[^A-Za-z\d]+/g, ' ')
    .trim()
    .toLowerCase()

/**
 * The member of a form that asks for a secret, if one does: those are asked for on a page (MCP 2026-07-28, elicitation, form mode security).
 * Names and titles are looked at, and `format: password`.
 */
export function secretAskedFor(schema: Readonly<Record<string, unknown>>): string | undefined {
  const members = isObject(schema.properties) ? Object.entries(schema.properties) : []
  const found = members.find(([name, of]) => {
    const { title, format } = isObject(of) ? of : {}
    const names = [name, ...(typeof title === 'string' ? [title] : [])].map(wordsOf)
    return format === 'password' || names.some((words) => SECRETS.some((secret) => secret.test(words)))
  })
  return found?.[0]
}

interface Block {
  readonly type: unknown
  readonly id: unknown
}

/** Content is one block or several. */
const blocksOf = (content: unknown): readonly Block[] =>
  [content]
    .flat()
    .map((block) => (isObject(block) ? { type: block.type, id: block.id ?? block.toolUseId } : { type: '', id: '' }))

const idsOf = (blocks: readonly Block[], type: string): readonly unknown[] =>
  blocks.filter((block) => block.type === type).map(({ id }) => id)

/**
 * What is wrong with the messages of a sampling request (MCP 2026-07-28, sampling, tool result messages and balance): a message with results of
 * tools holds nothing else, and every use of a tool is answered in the very next message. `undefined`: nothing.
 */
export function messagesFault(
  messages: readonly { readonly role: string; readonly content: unknown }[],
): string | undefined {
  let open: readonly unknown[] = []
  for (const { role, content } of messages) {
    const blocks = blocksOf(content)
    const [used, results] = [idsOf(blocks, 'tool_use'), idsOf(blocks, 'tool_result')]
    if (role !== 'user' && role !== 'assistant') return 'a message is of the user or of the assistant'
    if (results.length > 0 && (role !== 'user' || results.length < blocks.length)) {
      return 'a message with results of tools is of the user and holds nothing else'
    }
    if (used.length > 0 && role !== 'assistant') return 'only the assistant uses tools'
    if (results.length !== open.length || !open.every((id) => results.includes(id))) {
      return 'every use of a tool is answered by one result in the next message, and nothing else is'
    }
    open = used
  }
  return open.length === 0 ? undefined : 'the last use of a tool has no result'
}
