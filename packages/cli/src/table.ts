import { printable } from './printable.ts'

export interface Column<R> {
  readonly title: string
  readonly value: (row: R) => string | number | undefined
  /** Never cut: somebody will copy it. */
  readonly whole?: boolean
}

const GAP = '  '
const LEAST = 6

/**
 * Rows under titles, columns aligned. With a `width` (of the terminal, in characters) the widest columns are cut until a
 * line fits, as far as they may be. A missing value is a dash.
 */
export function table<R>(columns: readonly Column<R>[], rows: readonly R[], width?: number): string {
  const cells = rows.map((row) => columns.map(({ value }) => printable(String(value(row) ?? '-'))))
  const widths = columns.map(({ title }, index) =>
    Math.max(lengthOf(title), ...cells.map((line) => lengthOf(line[index] ?? ''))),
  )
  if (width !== undefined) shrink(columns, widths, width)
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => fit(text, widths[index] ?? 0))
      .join(GAP)
      .trimEnd()
  return [columns.map(({ title }) => title), ...cells].map(line).join('\n')
}

/** One row by itself, for output that never ends. */
export const plainLine = <R>(columns: readonly Column<R>[], row: R): string =>
  columns.map(({ value }) => printable(String(value(row) ?? '-'))).join(GAP)

function shrink<R>(columns: readonly Column<R>[], widths: number[], width: number): void {
  const total = (): number => widths.reduce((sum, one) => sum + one, GAP.length * (widths.length - 1))
  while (total() > width) {
    const flexible = widths.map((one, index) => (columns[index]?.whole === true || one <= LEAST ? 0 : one))
    const widest = Math.max(...flexible)
    if (widest === 0) return
    widths[flexible.indexOf(widest)] = widest - 1
  }
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
const split = (text: string): string[] => [...graphemes.segment(text)].map(({ segment }) => segment)
const lengthOf = (text: string): number => split(text).length

function fit(text: string, width: number): string {
  const parts = split(text)
  return parts.length <= width ? text + ' '.repeat(width - parts.length) : `${parts.slice(0, width - 1).join('')}…`
}
