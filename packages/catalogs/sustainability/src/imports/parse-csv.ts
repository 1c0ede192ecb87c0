import { Readable } from 'node:stream'
import { ToolFailure } from '@gatehouse/catalog'
import { CsvError, parse } from 'csv-parse'

/** The columns of a file, in any order; the last may be missing. */
export const COLUMNS = ['date', 'site', 'quantity', 'unit', 'factor', 'description'] as const
export type Column = (typeof COLUMNS)[number]

export interface ParsedRow {
  /** Line of the file on which the row ends; the header is line 1. */
  readonly line: number
  /** As they stand there; a row that is too short has fewer. */
  readonly fields: Readonly<Partial<Record<Column, string>>>
  /** The row has more fields than the header. */
  readonly tooLong: boolean
}

export const ROWS_MAX = 10_000
const FIELD_MAX = 4_000
/** So much is parsed before others get their turn. */
const CHUNK = 32_768

const malformed = (message: string) =>
  new ToolFailure('csv_malformed', `${message} Nothing was stored; correct the file.`)

/**
 * The rows of a CSV text (RFC 4180), with a header and one of three delimiters.
 * @throws ToolFailure for a text that is no table, with the line; what is wrong inside a row is for `judgeRow`
 */
export async function parseCsv(csv: string, delimiter: string, signal: AbortSignal): Promise<readonly ParsedRow[]> {
  const rows: ParsedRow[] = []
  let header: readonly Column[] | undefined
  const parser = Readable.from(chunksOf(csv)).pipe(
    parse({
      bom: true,
      delimiter,
      info: true,
      max_record_size: FIELD_MAX * COLUMNS.length,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }),
  )
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      signal.throwIfAborted()
      if (header === undefined) {
        header = readHeader(record)
        continue
      }
      if (rows.length === ROWS_MAX) {
        throw malformed(`The file has more than ${ROWS_MAX} rows. Split it into several imports.`)
      }
      rows.push(readRow(header, record, info.lines))
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw malformed(`Line ${Number(error.lines) || '?'} is no CSV: ${REASONS[error.code] ?? 'it cannot be read.'}`)
  } finally {
    parser.destroy()
  }
  if (header === undefined) throw malformed('The file is empty.')
  if (rows.length === 0) throw malformed('The file has a header and no rows.')
  return rows
}

/** The library's own words quote the file. */
const REASONS: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'after a closing quote only a delimiter may stand.',
  CSV_QUOTE_NOT_CLOSED: 'a quote is not closed.',
  INVALID_OPENING_QUOTE: 'a quote stands inside a field that does not begin with one.',
  CSV_MAX_RECORD_SIZE: 'the row is too long.',
}

function* chunksOf(csv: string): Generator<Buffer> {
  const bytes = Buffer.from(csv)
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK)
}

function readHeader(record: readonly string[]): readonly Column[] {
  const names = record.map((name) => name.toLowerCase())
  const unknown = names.filter((name) => !(COLUMNS as readonly string[]).includes(name))
  const missing = COLUMNS.filter((name) => name !== 'description' && !names.includes(name))
  const twice = names.filter((name, at) => names.indexOf(name) !== at)
  const list = COLUMNS.join(', ')
  if (unknown.length > 0) {
    throw malformed(`The header has columns that are not known (${unknown.length}). It has to consist of: ${list}.`)
  }
  if (missing.length > 0) throw malformed(`The header lacks: ${missing.join(', ')}. It has to consist of: ${list}.`)
  if (twice.length > 0) throw malformed(`The header has a column twice: ${[...new Set(twice)].join(', ')}.`)
  return names as Column[]
}

function readRow(header: readonly Column[], record: readonly string[], line: number): ParsedRow {
  const fields = Object.fromEntries(header.flatMap((name, at) => (at < record.length ? [[name, record[at]]] : [])))
  return { line, fields, tooLong: record.length > header.length }
}
