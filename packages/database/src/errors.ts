/** The database cannot be reached, or went away in the middle. Trying again later is right. */
export class DatabaseUnavailable extends Error {
  /** Whether the transaction may have been committed all the same: `true` only when the answer to COMMIT was lost. */
  readonly maybeCommitted: boolean
  constructor(cause: unknown, maybeCommitted = false) {
    super('database cannot answer', { cause })
    this.name = 'DatabaseUnavailable'
    this.maybeCommitted = maybeCommitted
  }
}

/** Someone else has the embedded database's folder open. */
export class FolderHeld extends Error {
  readonly pid: number
  readonly host: string
  /** When the holder started, ISO 8601. */
  readonly since: string
  constructor(folder: string, holder: { readonly pid: number; readonly host: string; readonly since: string }) {
    super(`${folder} is in use by process ${holder.pid} on ${holder.host} since ${holder.since}`)
    this.name = 'FolderHeld'
    this.pid = holder.pid
    this.host = holder.host
    this.since = holder.since
  }
}

/** What both drivers' errors of the server have in common. */
export interface SqlError extends Error {
  /** SQLSTATE, five characters. */
  readonly code: string
  readonly constraint?: string
  readonly detail?: string
}

/** `true` for an error that the server itself reported. */
export function isSqlError(error: unknown): error is SqlError {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return false
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)
}

const hasState = (error: unknown, state: string): boolean => isSqlError(error) && error.code === state

/** 23505; with a name, of that constraint or unique index only. */
export const isUniqueViolation = (error: unknown, constraint?: string): boolean =>
  isSqlError(error) && error.code === '23505' && (constraint === undefined || error.constraint === constraint)

export const isForeignKeyViolation = (error: unknown): boolean => hasState(error, '23503')
export const isCheckViolation = (error: unknown): boolean => hasState(error, '23514')
/** 40001 or 40P01: the same transaction can be tried again. */
export const isSerializationFailure = (error: unknown): boolean => hasState(error, '40001') || hasState(error, '40P01')
/** 57014: the server ended it, since it took longer than it may. */
export const isTooSlow = (error: unknown): boolean => hasState(error, '57014')
/** 42501, which row-level security and missing grants both answer. */
export const isPermissionDenied = (error: unknown): boolean => hasState(error, '42501')

/** Admin shutdown, crash shutdown, still starting, too many connections, idle too long (PostgreSQL, appendix A). */
const AWAY = new Set(['57P01', '57P02', '57P03', '57P05', '53300', '25P03'])

/**
 * What a driver threw, as its callers see it: errors of the server stay as they are, except those by which it goes away;
 * everything else comes from the connection.
 */
export function asSeenByCallers(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable) return error
  if (isSqlError(error) && !AWAY.has(error.code) && !error.code.startsWith('08')) return error
  return new DatabaseUnavailable(error)
}
