import { z } from 'zod'

/** Something wrong at a place of the file. */
export interface Fault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

const names = z.array(z.string()).catch([])
const text = z.string().optional().catch(undefined)
const scopes = z
  .array(z.object({ name: z.string(), implies: names }))
  .optional()
  .catch(undefined)
const PATHS = ['mcp', 'sse', 'messages', 'register', 'authorizedApps', 'apiKeys', 'billing'] as const
const paths = z.object(
  Object.fromEntries(PATHS.map((name) => [name, text])) as Record<(typeof PATHS)[number], typeof text>,
)

/**
 * As much of a profile as can be read: where a field is wrong in itself, what rests on it is not judged, and all else is, so that every
 * fault of a file is told at once.
 */
const draft = z.object({
  scopes,
  defaultScopes: names,
  resources: z.array(z.object({ name: z.string().catch('it'), scopes, defaultScopes: names })).catch([]),
  paths: paths.catch({} as z.output<typeof paths>),
  tenancy: z.object({ by: text }).catch({ by: undefined }),
  credentials: z.array(z.string()).optional().catch(undefined),
  apiKeyInQuery: z.boolean().catch(false),
  plans: z
    .object({ all: z.array(z.string()), withMcp: names })
    .optional()
    .catch(undefined),
})
type Draft = z.output<typeof draft>

/** What one field cannot say alone. */
export function crossChecks(given: unknown): readonly Fault[] {
  const read = draft.safeParse(given)
  return read.success
    ? [scopeFaults, resourceFaults, pathFaults, credentialFaults, planFaults].flatMap((of) => of(read.data))
    : []
}

function scopeFaults({ scopes, defaultScopes }: Draft): Fault[] {
  return scopes === undefined ? [] : namesOfNothing(scopes, defaultScopes, [], 'is not among the scopes')
}

function resourceFaults({ resources }: Draft): Fault[] {
  return resources.flatMap(({ name, scopes, defaultScopes }, at) =>
    scopes === undefined
      ? []
      : namesOfNothing(scopes, defaultScopes, ['resources', at], `is not among the scopes of ${name}`),
  )
}

/** Names in `defaultScopes` and `implies` that no scope has, and names that two have. */
function namesOfNothing(
  scopes: NonNullable<Draft['scopes']>,
  defaults: readonly string[],
  path: readonly (string | number)[],
  missing: string,
): Fault[] {
  const known = new Set(scopes.map(({ name }) => name))
  const stray = (list: readonly string[], at: readonly (string | number)[]) =>
    list.flatMap((name, index) => (known.has(name) ? [] : [{ path: [...at, index], message: `${name} ${missing}` }]))
  return [
    ...stray(defaults, [...path, 'defaultScopes']),
    ...scopes.flatMap(({ implies }, at) => stray(implies, [...path, 'scopes', at, 'implies'])),
    ...scopes.flatMap(({ name }, at) =>
      scopes.findIndex((scope) => scope.name === name) === at
        ? []
        : [{ path: [...path, 'scopes', at, 'name'], message: `${name} is there already` }],
    ),
  ]
}

function pathFaults({ paths, tenancy }: Draft): Fault[] {
  const given = PATHS.flatMap((name) => (paths[name] === undefined ? [] : [{ name, path: paths[name] }]))
  return [
    ...((paths.sse === undefined) === (paths.messages === undefined)
      ? []
      : [{ path: ['paths'], message: 'sse and messages go together' }]),
    ...(tenancy.by === 'host' && paths.sse !== undefined
      ? [{ path: ['paths', 'sse'], message: 'HTTP+SSE is not served by host' }]
      : []),
    ...given.flatMap(({ name, path }, at) => {
      const first = given.find((other) => other.path === path)
      return first === undefined || given.indexOf(first) === at
        ? []
        : [{ path: ['paths', name], message: `${path} is paths.${first.name} already` }]
    }),
  ]
}

function credentialFaults({ credentials, apiKeyInQuery }: Draft): Fault[] {
  return apiKeyInQuery && credentials !== undefined && !credentials.includes('api-key')
    ? [{ path: ['apiKeyInQuery'], message: 'credentials has no api-key' }]
    : []
}

function planFaults({ plans }: Draft): Fault[] {
  if (plans === undefined) return []
  return plans.withMcp.flatMap((plan, index) =>
    plans.all.includes(plan) ? [] : [{ path: ['plans', 'withMcp', index], message: `${plan} is not among all plans` }],
  )
}
