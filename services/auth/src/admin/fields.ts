import { z } from 'zod'

/** Text that people and databases can read. */
export const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters or half a surrogate pair')

export const id = text(128)

export const time = z.iso.datetime()
