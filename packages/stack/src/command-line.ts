import { type ParseArgsConfig, parseArgs } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values']

/** What a command of the repository takes: a line that says what it does, and its options. */
export interface CommandLine<O extends Options> {
  readonly usage: string
  readonly options: O
}

export type Judged<O extends Options> =
  | { readonly kind: 'values'; readonly values: Values<O> }
  | { readonly kind: 'help' | 'fault'; readonly text: string }

/** Reads arguments. A fault is one line and the usage: a person is not shown a stack for a word that they mistyped. */
export function judgeArguments<O extends Options>(
  { usage, options }: CommandLine<O>,
  args: readonly string[],
): Judged<O> {
  if (args.includes('--help') || args.includes('-h')) return { kind: 'help', text: usage }
  try {
    return { kind: 'values', values: parseArgs({ options, args: [...args] }).values }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // Node says in one line which argument it does not take; the rest of its text is about quoting.
    const [fault = ''] = error.message.split(/\n|\. /, 1)
    return { kind: 'fault', text: `${fault.replace(/\.$/, '')}\n\n${usage}` }
  }
}

/** The values, for an entry point. Help and faults are told, and end the process with 0 or 2. */
export function argumentsOrExit<O extends Options>(line: CommandLine<O>): Values<O> {
  const judged = judgeArguments(line, process.argv.slice(2))
  if (judged.kind === 'values') return judged.values
  if (judged.kind === 'help') console.log(judged.text)
  else console.error(judged.text)
  return process.exit(judged.kind === 'help' ? 0 : 2)
}

/** The whole number that a text is, if it lies in the range. */
export const wholeNumberIn = (text: string, [from, to]: readonly [number, number]): number | undefined => {
  const value = Number(text)
  return /^\d+$/.test(text) && value >= from && value <= to ? value : undefined
}

/** The whole number that an option gives; a fault ends the process with 2. */
export function wholeNumberOrExit(option: string, text: string, [from, to]: readonly [number, number]): number {
  const value = wholeNumberIn(text, [from, to])
  if (value !== undefined) return value
  console.error(`--${option}: must be a whole number from ${from} to ${to}`)
  return process.exit(2)
}
