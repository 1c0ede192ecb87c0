/** Duties without a test, and why: what is not offered and is named in no metadata, and what cannot be shown by a test here. */
export const UNPROVEN: readonly { readonly ids: readonly string[]; readonly why: string }[] = [
  {
    ids: 'A-TX-01 A-TX-03 A-TX-04'.split(' '),
    why: 'Token exchange (RFC 8693) is not offered and named in no metadata.',
  },
  {
    ids: (
      'A-JB-01 A-JB-02 A-EM-01 A-EM-02 A-EM-03 A-EM-04 A-EM-05 A-EM-06 A-EM-10 A-EM-11 A-EM-12 A-EI-01 A-EI-02 A-EI-03 ' +
      'A-WI-01 A-WI-02'
    ).split(' '),
    why: 'JWT bearer grants (RFC 7523: enterprise-managed authorization, workload identity) are not offered and named in no metadata.',
  },
  {
    ids: 'A-DP-01 A-DP-02 A-DP-03 A-DP-04 A-DP-05 A-DP-08'.split(' '),
    why: 'DPoP (RFC 9449) is not offered and named in no metadata.',
  },
  { ids: 'A-DF-01 A-DF-02'.split(' '), why: 'The device flow (RFC 8628) is not offered and named in no metadata.' },
  {
    ids: 'S-LK-03 S-LK-04 S-LK-05 S-LK-06 S-LK-07 S-LK-09'.split(' '),
    why: 'The experimental tasks of 2025-11-25 are not declared; a `task` parameter is ignored. Tasks are those of the extension.',
  },
  {
    ids: 'S-AU-33 S-AU-34 S-AU-35 S-AU-38'.split(' '),
    why: 'DPoP (RFC 9449) is not offered: the metadata of the resource names bearer tokens in the header alone.',
  },
  {
    ids: ['S-HV-27'],
    why: 'For gateways that judge by mirrored headers. There is none here: the balancer passes requests on as they are, and every node judges for itself.',
  },
  {
    ids: 'S-SB-01 S-LA-06'.split(' '),
    why:
      'Gatehouse is no proxy to another authorization server. Where people sign in elsewhere, that says who they are and nothing else: no token of ' +
      'the other server is kept or given on, and every client needs the consent that is asked for here.',
  },
]

/** What no test cites of the levels that do not bind. What a test has come to cite leaves it. */
export const NOT_BINDING: readonly { readonly ids: readonly string[]; readonly why: string }[] = [
  {
    ids: (
      'A-TX-02 A-TX-05 A-TX-06 A-TX-07 A-TX-08 A-AT-07 A-JB-03 A-JB-04 A-JB-05 A-EM-07 A-EM-08 A-EM-09 A-EM-13 A-EI-04 A-WI-03 A-WI-04 ' +
      'A-DF-03 A-DF-04 A-DF-05 A-DF-06 A-DF-07 A-DP-06 A-DP-07 A-DP-09 A-AT-08 A-PA-07 S-AU-36 S-AU-37 S-AU-39'
    ).split(' '),
    why: 'Of what is not offered: token exchange and delegation, JWT bearer grants, the device flow, DPoP.',
  },
  {
    ids: 'S-LK-02 S-LK-08 S-LK-10 S-LK-11'.split(' '),
    why: 'Of the experimental tasks of 2025-11-25, which are not declared.',
  },
  {
    ids: 'A-RU-11 A-DM-08 A-IN-06 S-EX-01 S-EX-02'.split(' '),
    why: 'Not offered: `form_post`, signed metadata, signed introspection, MCP Apps.',
  },
  {
    ids: 'A-CR-07 A-RF-12 A-RI-10 S-HV-28'.split(' '),
    why: 'What clients or gateways do.',
  },
  { ids: ['S-EX-04'], why: 'A note on the sources of the list, and nothing to do.' },
  {
    ids: ['S-VD-08'],
    why: 'For servers of the stateless revision alone; this one speaks the older ones too.',
  },
  {
    ids: ['A-AC-06'],
    why: 'Decided otherwise: a wrong verifier leaves the code to its owner, or a stranger could burn it. A code is guessed by nobody, and lives for a minute.',
  },
  { ids: ['S-TL-18'], why: 'Shown under the ids of questions over several requests, `S-MR-`.' },
  {
    ids: ['A-DR-14'],
    why:
      'Decided otherwise: `scope` of a registration is kept and told back, and is no ceiling, since clients step up with the same id; what is allowed ' +
      'is what a person allows. Addresses of a registration have to be https (A-DR-06).',
  },
  {
    ids: ['A-AZ-11'],
    why:
      'Decided otherwise: a page that is loaded again asks with the same challenge, and is good. A client with a constant verifier harms itself alone: a ' +
      'code is bound to its client and redirect.',
  },
  {
    ids: ['A-OP-02'],
    why:
      'Told but for addresses of browsers, which are personal data, and for fetches of metadata documents, which are no acts. docs/events.md has what is ' +
      'told; audit.test.ts of auth shows most of it.',
  },
  {
    ids: ['A-OP-03'],
    why:
      'The skew that is believed is 60 s at most, as tests of A-TE-07 show. One-time objects end by the clock of the node that judges, which has to be within 30 s of ' +
      'the others (docs/operations.md); that they are used once rests on a row, not on a clock.',
  },
  {
    ids: ['A-OP-07'],
    why: 'Issuers of tenants are by host here, not by path. What it asks for is shown by host, under O3.',
  },
  {
    ids: ['A-TE-12'],
    why: 'So by construction, and too small to measure: what is compared is a digest of 32 bytes, in constant time, and where there is no client that of nothing.',
  },
  {
    ids: ['S-LC-07'],
    why: 'Decided otherwise: what needs no session is answered without one; what needs one is 400, as S-LT-23 shows.',
  },
  {
    ids: ['S-LC-05'],
    why: 'A server sends on a stream that its client has opened, or inside a call that its client has made; it begins nothing by itself.',
  },
  {
    ids: ['S-LF-14'],
    why: 'Not used: who has to see a page is asked inside the call, by `elicitation/create` (S-LF-13).',
  },
  { ids: ['S-TK-20'], why: 'Polling counts against the limit of requests, as everything does (S-SB-13).' },
  {
    ids: 'S-EX-03 A-CC-07'.split(' '),
    why: 'The extension may be named, and is not: clients find the grant in the metadata of the authorization server (A-CC-02).',
  },
  {
    ids: 'A-CN-07 A-SC-06'.split(' '),
    why: 'Allowed, and not offered: a person allows what is asked for or nothing, and scopes are kept as they were asked for.',
  },
]
