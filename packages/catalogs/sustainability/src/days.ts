const AHEAD_MS = 14 * 3_600_000

/** The day that it is now where it is latest; whatever lies after it is in the future everywhere. */
export const latestDay = (now: Date): string => new Date(now.getTime() + AHEAD_MS).toISOString().slice(0, 10)
