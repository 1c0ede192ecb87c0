import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Secret } from './secret.ts'

/** Every fault of a configuration, one line each, so that an operator mends them in one go. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`configuration is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/**
 * Reads the variables that a schema names from an environment. Keys of the schema are the names of the variables.
 * `NAME_FILE` may hold the path of a file with the value instead of `NAME` (Kubernetes secrets).
 * @param judge further faults, of the values as they were given
 * @throws ConfigError with every fault at once
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
  judge: (values: Readonly<Record<string, string>>) => readonly string[] = () => [],
): z.infer<S> {
  const faults: string[] = []
  // A variable whose source is at fault has no value to judge.
  const told = new Set<string>()
  const values: Record<string, string> = {}
  for (const name of Object.keys(schema.shape)) {
    const path = env[`${name}_FILE`]
    const direct = env[name] === '' ? undefined : env[name]
    if (path !== undefined && direct !== undefined) {
      faults.push(`${name} and ${name}_FILE are both set; set one`)
      told.add(name)
      continue
    }
    if (path === undefined) {
      if (direct !== undefined) values[name] = direct
      continue
    }
    try {
      values[name] = readFileSync(path, 'utf8').trimEnd()
    } catch (error) {
      faults.push(`${name}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown fault'})`)
      told.add(name)
    }
  }
  const parsed = schema.safeParse(values)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = issue.path.join('.')
      if (!told.has(name)) faults.push(`${name}: ${issue.message}`)
    }
  }
  faults.push(...judge(values))
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults)
  return parsed.data
}

/** A secret from the environment. Never printed. */
export const secret = () =>
  z
    .string()
    .min(1)
    .transform((value) => new Secret(value))

/** A URL whose scheme is one of `schemes` (without the colon). */
export const url = (...schemes: string[]) =>
  z
    .string()
    .refine(
      (value) => URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1)),
      `must be a URL with scheme ${schemes.join(' or ')}`,
    )

/** A TCP port; 0 lets the system choose. */
export const port = () => {
  const error = 'must be a whole number from 0 to 65535'
  return z.coerce.number({ error }).int({ error }).min(0, { error }).max(65_535, { error })
}

/** `1`, `true`, `yes` and `on` are true; `0`, `false`, `no` and `off` are false. */
export const flag = () =>
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(['1', 'true', 'yes', 'on', '0', 'false', 'no', 'off'], { error: 'must be 1 or 0' }))
    .transform((value) => ['1', 'true', 'yes', 'on'].includes(value))

/** A duration in seconds. */
export const duration = () => {
  const error = 'must be a number of seconds, 0 or more'
  return z.coerce.number({ error }).nonnegative({ error })
}
