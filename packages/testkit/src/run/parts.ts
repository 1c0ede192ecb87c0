import { chromiumPath } from '../browser.ts'
import { findNats, findPostgres, findRedis } from '../servers/find.ts'
import type { Part } from '../servers/missing.ts'
import { findNginx } from '../servers/nginx.ts'

const FINDERS: Readonly<Record<Part, () => string | undefined>> = {
  PostgreSQL: findPostgres,
  Redis: findRedis,
  NATS: findNats,
  Chromium: chromiumPath,
}

const PARTS = Object.keys(FINDERS) as Part[]

export const missingParts = (): Part[] => PARTS.filter((part) => FINDERS[part]() === undefined)

/** What was found where, a line each. */
export const describeParts = (): string =>
  [
    ...PARTS.map((part) => [part, FINDERS[part]() ?? 'in a container'] as const),
    ['nginx', findNginx() ?? 'not here: what goes through it is skipped'] as const,
  ]
    .map(([part, where]) => `  ${part.padEnd(11)} ${where}`)
    .join('\n')
