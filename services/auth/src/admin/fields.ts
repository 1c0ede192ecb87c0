import { z } from 'zod'
import { Refusal } from '../errors.ts'

/** Text that people and databases can read. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters or half a surrogate pair')

export const id = text(128)

/** An address as people write it; compared without case. */
export const email = z.email().max(320)

/** What is no id names nothing. @throws Refusal */
export function subjectToken(id: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) throw new Refusal('thing.unknown')
  return id
}

export const time = z.iso.datetime()
