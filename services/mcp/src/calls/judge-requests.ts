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

const EVERY = ['type', 'title', 'description', 'default']
const NUMBER = [...EVERY, 'minimum', 'maximum']
/** What a member of a form may say, by its type (MCP 2026-07-28, elicitation, requested schema; `enumNames` is of older revisions). */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  string: [...EVERY, 'minLength', 'maxLength', 'format', 'enum', 'enumNames', 'oneOf'],
  number: NUMBER,
  integer: NUMBER,
  boolean: EVERY,
  array: [...EVERY, 'items', 'minItems', 'maxItems'],
}
const FORMATS: ReadonlySet<unknown> = new Set([undefined, 'email', 'uri', 'date', 'date-time'])

export const isFormFormat = (format: unknown): boolean => FORMATS.has(format)

const areTexts = (of: unknown): boolean => Array.isArray(of) && of.every((one) => typeof one === 'string')
const areTitled = (of: unknown): boolean =>
  Array.isArray(of) && of.every((one) => isObject(one) && areTexts([one.const, one.title]))

function memberFault(member: unknown): string | undefined {
  if (!isObject(member)) return 'is no schema'
  const { type, format, items } = member
  const known = typeof type === 'string' && Object.hasOwn(MEMBERS, type) ? MEMBERS[type] : undefined
  if (known === undefined) return 'is no text, number, yes or no, or choice'
  const stray = Object.keys(member).find((keyword) => !known.includes(keyword))
  if (stray !== undefined) return `has ${stray}, which no form has for it`
  if (!isFormFormat(format)) return `has the format ${format}, which no form has`
  if (member.enum !== undefined && !areTexts(member.enum)) return 'has choices that are no texts'
  if (member.oneOf !== undefined && !areTitled(member.oneOf)) return 'has choices without a title'
  if (type !== 'array') return undefined
  const choice = isObject(items) && ((items.type === 'string' && areTexts(items.enum)) || areTitled(items.anyOf))
  return choice ? undefined : 'is a list of other things than choices'
}

/** What makes a schema no form, if anything does: forms are flat, and of few keywords. */
export function formFault({ type, properties }: Readonly<Record<string, unknown>>): string | undefined {
  if (type !== 'object' || !isObject(properties)) return 'a form is an object with members'
  for (const [name, member] of Object.entries(properties)) {
    const fault = memberFault(member)
    if (fault !== undefined) return `the member "${name}" of a form ${fault}`
  }
  return undefined
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
