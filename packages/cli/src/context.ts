import type { Command } from 'commander'
import { type AdminClient, createAdminClient } from './admin-client.ts'
import { Failure } from './failure.ts'
import type { Io } from './io.ts'
import { printable, printableJson } from './printable.ts'
import { type Column, table } from './table.ts'

/** What a command works with, made from the options that all commands share. */
export interface Context {
  readonly io: Io
  readonly api: AdminClient
  /** Where the installation is. */
  readonly url: URL
  /** Whether machines read the output. */
  readonly json: boolean
  /** Says something beside the answer, on standard error: how far it is, what to mind. */
  readonly note: (text: string) => void
}

/** On standard error, for machines as an object a line. */
export const noteTo =
  (io: Io, json: boolean) =>
  (text: string): void =>
    io.err(json ? printableJson({ note: text }, 0) : printable(text))

const DEFAULT_URL = 'http://localhost:4000'

interface SharedOptions {
  readonly url?: string
  readonly token?: string
  readonly json?: boolean
}

/** @throws Failure for an address or a token that cannot be used */
export function contextOf(command: Command, io: Io): Context {
  const given = command.optsWithGlobals<SharedOptions>()
  const { json = false } = given
  const url = given.url ?? (io.env.GATEHOUSE_URL || DEFAULT_URL)
  const token = given.token ?? io.env.GATEHOUSE_ADMIN_TOKEN
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Failure('usage', `${url} is not an http or https address; see --url`)
  }
  if (token === undefined || token === '') {
    throw new Failure(
      'usage',
      'no admin token; set GATEHOUSE_ADMIN_TOKEN (the server prints it at its first start) or give --token',
    )
  }
  // A header can carry no more than this, and an unusable one would be reported as if the server were away.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Failure('usage', 'the admin token has characters that no token has')
  return {
    io,
    json,
    note: noteTo(io, json),
    url: new URL(url),
    api: createAdminClient({ url: new URL(url), token, fetch: io.fetch, signal: io.signal }),
  }
}

/** Shows a list: the answer as it came for machines, a table for people. */
export function showList<R>(
  context: Context,
  answer: unknown,
  rows: readonly R[],
  columns: readonly Column<R>[],
): void {
  const { io, json } = context
  if (json) io.out(printableJson(answer))
  else io.out(rows.length === 0 ? 'Nothing found.' : table(columns, rows, io.columns))
}

/** Says that something was done: the answer for machines, a sentence for people. */
export function showDone(context: Context, answer: unknown, sentence: string): void {
  context.io.out(context.json ? printableJson(answer ?? {}) : sentence)
}

/** The list under `name` in an answer. @throws Failure when the answer has none */
export function listIn<R extends object>(answer: unknown, name: string): readonly R[] {
  const list = (answer as Record<string, unknown> | undefined)?.[name]
  if (Array.isArray(list)) return list as R[]
  throw new Failure('unreachable', `the answer has no "${name}"; what answers may not be Gatehouse, see --url`)
}
