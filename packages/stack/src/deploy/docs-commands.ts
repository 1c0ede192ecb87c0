/** A block of commands in a page, and the comment that stands before it. */
export interface Commands {
  readonly page: string
  readonly text: string
  /** The test that runs it, or something that does the same. */
  readonly runBy: string | undefined
  /** Why no test does. */
  readonly notRun: string | undefined
}

const BLOCK = /(?:<!-- (run by|not run:) ([^\n]*?) -->\n)?^```sh\n([\s\S]*?)^```$/gm

/** The blocks of commands of a page, in order. */
export const commandsIn = (page: string, markdown: string): readonly Commands[] =>
  [...markdown.matchAll(BLOCK)].map(([, kind, words, text = '']) => ({
    page,
    text,
    runBy: kind === 'run by' ? words : undefined,
    notRun: kind === 'not run:' ? words : undefined,
  }))

/** Lines of a block as a shell takes them: continued ones joined, comments left out. */
export const linesOf = (text: string): readonly string[] =>
  text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))

const SPOKEN =
  /(?:`gatehouse|^gatehouse|npm run -s gatehouse --) (?:--json )?([a-z][a-z-]*)(?: ([a-z][a-z-]*)(?=[ `\n]))?/gm

/** Each `gatehouse …` in the text and the blocks of a page: the command, and the word behind it. */
export const gatehouseCommandsIn = (markdown: string): readonly (readonly [command: string, next: string])[] =>
  [...markdown.matchAll(SPOKEN)].map(([, command = '', next = '']) => [command, next])
