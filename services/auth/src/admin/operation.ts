import type { Bus } from '@gatehouse/bus'
import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { KeyValue } from '@gatehouse/kv'
import type { Profile } from '@gatehouse/profiles'
import type { Logger } from '@gatehouse/telemetry'
import type { z } from 'zod'
import type { Rings } from '../keys/rings.ts'
import type { Mailer } from '../mail/port.ts'
import type { Registry } from '../resources/registry.ts'
import type { Providers } from '../upstream/providers.ts'
import type { Installation } from './doctor-operations.ts'

export interface AdminDeps {
  readonly profile: Profile
  readonly publicUrl: string
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
  readonly rings: Rings
  readonly registry: Registry
  readonly providers: Providers
  readonly mailer: Mailer
  readonly originOf: (slug: string) => string
  readonly kv: Pick<KeyValue, 'ping'>
  readonly bus: Pick<Bus, 'ping' | 'follow' | 'recreateStreams'>
  readonly installation: Installation
}

/** One operation of the admin API. Routes and the OpenAPI document are made from it. */
export interface Operation<I extends z.ZodObject = z.ZodObject, O extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/admin/v1`, with `{name}` for path parameters, which are fields of `input`. */
  readonly path: string
  readonly summary: string
  /** Path parameters, query (GET, DELETE) or body (POST, PATCH) together. */
  readonly input: I
  readonly output: O
  /** @throws Refusal */
  run(input: z.output<I>, deps: AdminDeps): Promise<z.input<O>>
}

/** Returns its argument; for the types. */
export const defineOperation = <I extends z.ZodObject, O extends z.ZodType>(operation: Operation<I, O>): Operation =>
  operation as unknown as Operation
