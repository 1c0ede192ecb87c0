export { createLocalWindows, createRateLimit, type Limited, type RateLimit } from './rate-limit.ts'
export type { Allowance } from './telling.ts'
