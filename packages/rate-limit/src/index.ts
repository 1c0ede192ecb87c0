export { type Allowance, createLocalWindows, createRateLimit, type Limited, type RateLimit } from './rate-limit.ts'
