/**
 * A life time as both drivers take it: whole milliseconds, at least one.
 * @throws RangeError for what is not a finite number
 */
export function lifeTime(ms: number): number {
  if (!Number.isFinite(ms)) throw new RangeError(`a life time is a finite number of milliseconds, not ${ms}`)
  return Math.max(1, Math.ceil(ms))
}
