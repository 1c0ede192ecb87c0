import { randomBytes } from 'node:crypto'
import type { MakeKey } from './keyring.ts'

/** 256 random bits, for rings that seal or make message authentication codes. */
export const makeSecretKey: MakeKey = async () => ({ secret: randomBytes(32), publicJwk: null })
