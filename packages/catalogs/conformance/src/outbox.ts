import { announceIn, type Call } from '@gatehouse/catalog'
import type { EventKind } from '@gatehouse/contracts'
import type { z } from 'zod'
import type { Fixtures } from './domain.ts'

const append = announceIn('conformance')

/** Tells the caller's tenant that something happened. */
export const announce = <S extends z.ZodType>(
  call: Call & Fixtures,
  kind: EventKind<string, S>,
  data: z.input<S>,
): Promise<void> => call.transact((tx) => append(tx, call, kind, data))
