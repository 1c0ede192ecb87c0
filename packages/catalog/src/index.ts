export * from './ask.ts'
export * from './claims.ts'
export * from './content.ts'
export * from './define.ts'
