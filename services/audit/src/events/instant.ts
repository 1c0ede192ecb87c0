const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** Whether the database takes the time as RFC 3339 writes it, with four digits for the year. */
export const isStorable = (time: Date): boolean => time.getTime() >= FIRST_MS && time.getTime() <= LAST_MS
