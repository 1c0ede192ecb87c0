/** A file that a page tells its reader to write: its name opens the paragraph before the block. */
export interface PageFile {
  readonly path: string
  readonly text: string
}

const FILE = /^`([\w./-]+)`[^\n]*(?:\n[^\n]+)*\n\n```(?!sh\n)\w+\n([\s\S]*?)^```$/gm
const ANY = /^```(?!sh\n)\w+\n[\s\S]*?^```$/gm

/** @throws when a block of the page is neither a file nor one of commands: nobody would try it */
export function filesIn(markdown: string): readonly PageFile[] {
  const files = [...markdown.matchAll(FILE)].map(([, path = '', text = '']) => ({ path, text }))
  const blocks = [...markdown.matchAll(ANY)].length
  if (files.length !== blocks) throw new Error(`${blocks - files.length} blocks of the page have no name of a file`)
  return files
}
