import type { Principal } from '@gatehouse/policy'

/**
 * For whom a request is made, as headers. They prove nothing by themselves: the API believes them of whoever presents the service
 * credential, and of nobody else. What is no visible ASCII, and `%` and `,`, is percent-encoded; lists are joined by commas.
 */
export function principalHeaders(principal: Principal): Readonly<Record<string, string>> {
  const { tenant, subject, kind, client, roles, scopes } = principal
  const facts: Readonly<Record<string, readonly string[]>> = {
    'gatehouse-tenant': [tenant],
    'gatehouse-subject': [subject],
    'gatehouse-subject-kind': [kind],
    'gatehouse-client': client === undefined ? [] : [client],
    'gatehouse-roles': roles,
    'gatehouse-scopes': [...scopes],
  }
  const present = Object.entries(facts).filter(([, values]) => values.length > 0)
  return Object.fromEntries(present.map(([name, values]) => [name, values.map(encoded).join(',')]))
}

const encoded = (value: string): string => value.replaceAll(/[^\x21-\x7e]|[%,]/gu, encodeURIComponent)
