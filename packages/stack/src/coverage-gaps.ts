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
    ids: ['A-TP-04'],
    why: 'What lies between the end of TLS and a service is the operator’s; docs/operations.md says what to do with it.',
  },
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
