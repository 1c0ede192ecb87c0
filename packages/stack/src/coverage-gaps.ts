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
    ids: 'S-LK-01 S-LK-03 S-LK-04 S-LK-05 S-LK-06 S-LK-07 S-LK-09'.split(' '),
    why: 'The experimental tasks of 2025-11-25 are not declared; a `task` parameter is ignored. Tasks are those of the extension.',
  },
]
