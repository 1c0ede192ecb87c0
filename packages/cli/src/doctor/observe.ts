import { limitedTo } from '@gatehouse/outbound'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Observed } from './judge.ts'

const TIMEOUT_MS = 10_000
const UNPROVEN: ReadonlySet<number> = new Set([401, 403])

interface Report {
  readonly production: boolean
  readonly mail: 'smtp' | 'log'
  readonly now: string
  readonly databaseNow?: string
  readonly parts: readonly { readonly name: string; readonly embedded: boolean; readonly reachable: boolean }[]
}

/** An answer, with the time of its asking: half of the way is taken for the way there. */
interface Asked {
  readonly body: unknown
  readonly status: number
  /** How far the clock of who answered is ahead of ours; by `Date`, whole seconds. */
  readonly aheadMs: number | undefined
  readonly middle: number
}

/**
 * Looks at an installation from outside, and asks auth what it sees itself. What does not answer is part of the picture.
 * @throws Failure when the token is not the one of this installation
 */
export async function observe({ api, io, url, now }: Context & { readonly now: () => number }): Promise<Observed> {
  const { origin } = url
  const ask = async (address: string): Promise<Asked | undefined> => {
    const began = now()
    try {
      const { answer, text } = await limitedTo(TIMEOUT_MS, io.signal, async (signal) => {
        const answer = await io.fetch(address, { redirect: 'manual', signal, headers: { accept: 'application/json' } })
        return { answer, text: await answer.text() }
      })
      const middle = (began + now()) / 2
      const dated = Date.parse(answer.headers.get('date') ?? '')
      // `Date` is cut to the second: half of one is the middle of what it can mean.
      const aheadMs = Number.isNaN(dated) ? undefined : dated + 500 - middle
      return { body: parsed(text), status: answer.status, aheadMs, middle }
    } catch {
      return undefined
    }
  }
  const metadataOf = (issuer: string) => {
    const { origin: at, pathname } = new URL(issuer)
    return `${at}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`
  }
  const asked = async (path: string) => {
    const began = now()
    try {
      return { body: await api.get(path), middle: (began + now()) / 2 }
    } catch (error) {
      // It answers: what is wrong is the token.
      if (error instanceof Failure && UNPROVEN.has(error.said.status ?? 0)) throw error
      return undefined
    }
  }
  const metadata = await ask(`${origin}/.well-known/oauth-authorization-server`)
  const issuer = field(metadata?.body, 'issuer')
  const own = issuer === undefined || !URL.canParse(issuer) ? undefined : await ask(metadataOf(issuer))
  const resource = await ask(`${origin}/.well-known/oauth-protected-resource`)
  const servers = (resource?.body as { authorization_servers?: unknown } | undefined)?.authorization_servers
  const doctor = await asked('/admin/v1/doctor')
  const report = doctor?.body as Report | undefined
  const audit = await asked('/admin/v1/audit/retention')
  const ahead = (text: string | undefined) =>
    text === undefined || doctor === undefined ? undefined : Date.parse(text) - doctor.middle
  const clocks = [
    { of: 'auth', aheadMs: ahead(report?.now) },
    { of: 'the database', aheadMs: ahead(report?.databaseNow) },
    { of: 'mcp', aheadMs: resource?.aheadMs },
  ]
  return {
    url: origin,
    issuer,
    issuerAnswers: field(own?.body, 'issuer') === issuer,
    mcpIssuers: resource === undefined || resource.status >= 500 ? undefined : issuersIn(servers),
    auditAnswers: audit !== undefined,
    auth: report,
    clocks: clocks.flatMap(({ of, aheadMs }) => (aheadMs === undefined ? [] : [{ of, aheadMs }])),
  }
}

/** None: the endpoint has no metadata there, as where API keys are all that it takes. */
const issuersIn = (servers: unknown): readonly string[] => (Array.isArray(servers) ? servers.map(String) : [])

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function field(body: unknown, name: string): string | undefined {
  const value = (body as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' ? value : undefined
}
