export { commandsOf, EXAMPLES } from './examples.ts'
export { EXIT, EXIT_MEANINGS } from './failure.ts'
export type { Io } from './io.ts'
export { createProgram, run } from './run.ts'
