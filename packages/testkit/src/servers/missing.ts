const PACKAGES = {
  PostgreSQL: 'postgresql (15 or newer)',
  Redis: 'redis-server or valkey-server',
  NATS: 'nats-server',
  Chromium: 'chromium',
} as const

export type Part = keyof typeof PACKAGES

/** @throws Error that says what to install */
export function missing(part: Part): never {
  throw new Error(`${part} is not on this machine: install ${PACKAGES[part]}, or let \`npm test\` do it`)
}
