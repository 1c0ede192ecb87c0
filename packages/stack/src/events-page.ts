import {
  AUDITED,
  type EventKind,
  FeedTick,
  Revoked,
  STREAMS,
  type StreamDefinition,
  TenantState,
  ToolBegun,
  ToolCalled,
} from '@gatehouse/contracts'
import { z } from 'zod'

const AUTH_AUDIT = 'audit.auth-<n>'

interface Section {
  readonly title: string
  readonly stream: StreamDefinition
  readonly about: string
  readonly kinds: readonly { readonly kind: EventKind; readonly subject: string }[]
}

/** `docs/events.md`, made from the schemas themselves. */
export function eventsPage(
  catalogs: readonly { readonly name: string; readonly kinds: readonly EventKind[] }[],
): string {
  const sections: Section[] = [
    {
      title: 'Revocations and the tick',
      stream: STREAMS.authDelta,
      about: 'What was taken back. Every node reads it before it is ready and follows it.',
      kinds: [
        { kind: Revoked, subject: 'auth.delta.<kind>.<id>' },
        { kind: FeedTick, subject: 'auth.delta.tick' },
      ],
    },
    {
      title: 'State',
      stream: STREAMS.authState,
      about: 'What nodes need to know; the last message of each subject is kept.',
      kinds: [{ kind: TenantState, subject: 'auth.state.tenant.<tenant>' }],
    },
    {
      title: 'Audit',
      stream: STREAMS.audit,
      about: 'A message holds `{ "events": [ … ] }`: what gathered on a node while the message before was on its way.',
      kinds: [
        { kind: ToolCalled, subject: 'audit.<node>' },
        { kind: ToolBegun, subject: 'audit.<node>' },
        ...Object.values(AUDITED).map((kind) => ({
          kind,
          subject: kind.name.startsWith('mcp.') ? 'audit.<node>' : AUTH_AUDIT,
        })),
      ],
    },
    {
      title: 'Heads of the audit log',
      stream: STREAMS.auditHeads,
      about:
        'No events: each message is a head that the audit service signed (JWS, `typ` `audit-head+json`), on `audit-heads.<chain>`, the chain being the id of a tenant or `platform` in base64url. Only audit may publish here; `gatehouse audit verify` compares the log with the last head. See [audit.md](audit.md).',
      kinds: [],
    },
    ...catalogs.map(({ name, kinds }) => ({
      title: `Domain: ${name}`,
      stream: STREAMS.domain,
      about: 'What changed in the product. Each makes resources stale, and their subscribers are told.',
      kinds: kinds.map((kind) => ({ kind, subject: `domain.<tenant>.${kind.name}` })),
    })),
  ]
  return [
    '# Events',
    '',
    'Made from the schemas; a test fails when this page is out of date. Every event is a CloudEvents 1.0 envelope in structured',
    'JSON mode with the extension attribute `tenantid`; the version stands in `type`. A domain event whose tenant differs from',
    'its subject is dropped and counted. Streams are created by the migration step.',
    '',
    'Your own services publish domain events with any CloudEvents library and any NATS client, in structured mode:',
    '',
    '<!-- not run: the program nats is none of the packages of Debian; tests of packages/contracts read both forms -->',
    '```sh',
    'nats pub domain.$TENANT.entry.commented --header Nats-Msg-Id:$(uuidgen) \'{"specversion":"1.0","id":"…",',
    '  "source":"/your/service","type":"gatehouse.entry.commented.v1","time":"2026-01-01T00:00:00Z",',
    '  "datacontenttype":"application/json","tenantid":"…","data":{ … }}\'',
    '```',
    '',
    'or in binary mode, attributes as headers (values percent-encoded) and the data as the body; a `time` that is missing is that of the message:',
    '',
    '<!-- not run: the program nats is none of the packages of Debian; tests of packages/contracts read both forms -->',
    '```sh',
    'nats pub domain.$TENANT.entry.commented -H Nats-Msg-Id:$ID -H ce-specversion:1.0 -H ce-id:$ID -H ce-source:/your/service \\',
    "  -H ce-type:gatehouse.entry.commented.v1 -H ce-tenantid:$TENANT -H content-type:application/json '{ … }'",
    '```',
    '',
    'What is no event, or of another tenant than its subject names, or says something else than its schema, is dropped, logged without its',
    'content and counted in `gatehouse_mcp_domain_events_dropped_total` by `reason`. Types that no catalog knows are passed over.',
    '',
    ...sections.flatMap(section),
  ].join('\n')
}

function section({ title, stream, about, kinds }: Section): string[] {
  const age = stream.maxAgeSeconds === undefined ? 'no age limit' : `kept for ${hours(stream.maxAgeSeconds)}`
  return [
    `## ${title}`,
    '',
    `Stream \`${stream.name}\`, ${age}. ${about}`,
    '',
    ...alike(kinds).flatMap(({ schema, kinds }) => [
      ...kinds.map(({ kind }) => `### \`${kind.type}\``).flatMap((line) => [line, '']),
      `Subject \`${kinds[0]?.subject}\`.`,
      '',
      '```json',
      schema,
      '```',
      '',
    ]),
  ]
}

/** Neighbours that say the same things on the same subjects share one schema. */
function alike(kinds: Section['kinds']): { readonly schema: string; readonly kinds: Section['kinds'][number][] }[] {
  const groups: { schema: string; kinds: Section['kinds'][number][] }[] = []
  for (const one of kinds) {
    const schema = JSON.stringify(withoutDialect(z.toJSONSchema(one.kind.schema)), null, 2)
    const last = groups.at(-1)
    if (last?.schema === schema && last.kinds[0]?.subject === one.subject) last.kinds.push(one)
    else groups.push({ schema, kinds: [one] })
  }
  return groups
}

const hours = (seconds: number): string => `${Math.round(seconds / 3600)} h`

const withoutDialect = ({ $schema: _dialect, ...schema }: Record<string, unknown>): Record<string, unknown> => schema
