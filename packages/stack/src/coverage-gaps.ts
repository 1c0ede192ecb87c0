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

/** What no test cites of the levels that do not bind. An entry that a test has come to cite is left out of the page. */
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
    ids: 'A-CR-07 A-RF-12 A-RI-10 S-CA-08 S-LT-30 S-HV-28'.split(' '),
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
]
