export * from './ask.ts'
export * from './content.ts'
export * from './define.ts'
