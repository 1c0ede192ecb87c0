/** What was found out about an installation. Times in milliseconds since the epoch. */
export interface Observed {
  /** Origin that the operator named. */
  readonly url: string
  /** Of the metadata document at that origin; absent: none could be read there. */
  readonly issuer: string | undefined
  /** Whether the issuer's own metadata is found where the issuer says it is. */
  readonly issuerAnswers: boolean
  /** Issuers that the MCP endpoint accepts; absent: it does not answer. */
  readonly mcpIssuers: readonly string[] | undefined
  readonly auditAnswers: boolean
  /** What the authorization server says of itself; absent: it does not answer. */
  readonly auth:
    | {
        readonly production: boolean
        readonly mail: 'smtp' | 'log'
        readonly parts: readonly { readonly name: string; readonly embedded: boolean; readonly reachable: boolean }[]
      }
    | undefined
  /** How far clocks are ahead of this machine's, by where they are. */
  readonly clocks: readonly { readonly of: string; readonly aheadMs: number }[]
}

export interface Finding {
  /** A `fault` keeps something from working, or lets in what should not be; a `note` is worth knowing. */
  readonly kind: 'fault' | 'note'
  readonly what: string
  readonly whatToDo: string
}

/** Tokens are checked with 30 s of tolerance between clocks. */
const CLOCK_MS = 30_000

const fault = (what: string, whatToDo: string): Finding => ({ kind: 'fault', what, whatToDo })

/** What is wrong with an installation, and what to do about it. Pure. */
export function judge(seen: Observed): readonly Finding[] {
  return [...judgeIssuer(seen), ...judgeServices(seen), ...judgeParts(seen), ...judgeClocks(seen)]
}

/** Whether the installation is not there at all, or somebody else is. */
export const nothingAnswers = ({ issuer, auth, mcpIssuers, auditAnswers }: Observed): boolean =>
  issuer === undefined && auth === undefined && mcpIssuers === undefined && !auditAnswers

function judgeIssuer({ url, issuer, issuerAnswers, mcpIssuers }: Observed): readonly Finding[] {
  if (issuer === undefined) {
    return [
      fault(
        `no authorization server metadata at ${url}`,
        'route /.well-known/oauth-authorization-server to auth there',
      ),
    ]
  }
  const findings: Finding[] = []
  if (!isAt(issuer, url)) {
    findings.push(
      fault(
        `wrong issuer: ${url} says that it is ${issuer}`,
        'set PUBLIC_URL of all services to the origin that clients use, or give that one with --url',
      ),
    )
  }
  if (!issuerAnswers) {
    findings.push(
      fault(`the issuer ${issuer} does not answer at its own address`, 'make it reachable, or mend PUBLIC_URL'),
    )
  }
  const other = mcpIssuers?.find((one) => one !== issuer)
  if (other !== undefined) {
    findings.push(
      fault(`the MCP endpoint sends clients to ${other}, not to ${issuer}`, 'give mcp the same PUBLIC_URL as auth'),
    )
  }
  return findings
}

/** An issuer may have a path (RFC 8414 section 2). */
const isAt = (issuer: string, url: string): boolean => URL.canParse(issuer) && new URL(issuer).origin === url

function judgeServices({ auth, mcpIssuers, auditAnswers, url }: Observed): readonly Finding[] {
  const away: readonly (readonly [name: string, answers: boolean])[] = [
    ['auth', auth !== undefined],
    ['mcp', mcpIssuers !== undefined],
    ['audit', auditAnswers],
  ]
  return away
    .filter(([, answers]) => !answers)
    .map(([name]) => fault(`${name} does not answer behind ${url}`, `look at the log and at /readyz of ${name}`))
}

function judgeParts({ auth }: Observed): readonly Finding[] {
  if (auth === undefined) return []
  const { production, parts, mail } = auth
  return [
    ...parts
      .filter(({ reachable }) => !reachable)
      .map(({ name }) =>
        fault(`auth does not reach its ${name}`, `see whether it runs, and mend ${VARIABLES[name] ?? name}`),
      ),
    ...parts
      .filter(({ embedded }) => embedded && production)
      .map(({ name }) =>
        fault(
          `embedded ${name} in production: it is this process's alone, and ends with it`,
          `set ${VARIABLES[name] ?? name}`,
        ),
      ),
    ...(mail === 'log' && production
      ? [{ kind: 'note', what: 'letters are not sent', whatToDo: 'set SMTP_URL, or hand links out yourself' } as const]
      : []),
  ]
}

const VARIABLES: Readonly<Record<string, string>> = { database: 'DATABASE_URL', redis: 'REDIS_URL', nats: 'NATS_URL' }

/** Clocks are compared among themselves: this machine's may be the one that is off. */
function judgeClocks({ clocks }: Observed): readonly Finding[] {
  const all = [{ of: 'this machine', aheadMs: 0 }, ...clocks]
  const middle = median(all.map(({ aheadMs }) => aheadMs))
  return all
    .filter(({ aheadMs }) => Math.abs(aheadMs - middle) > CLOCK_MS)
    .map(({ of, aheadMs }) => {
      const off = aheadMs - middle
      const seconds = Math.round(Math.abs(off) / 1_000)
      return fault(`the clock of ${of} is ${seconds} s ${off > 0 ? 'ahead' : 'behind'}`, 'keep it with NTP')
    })
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0
