const PASSED = /^\s*ok \d+ - (.*)$/gm
const SKIPPED = /\s# (?:SKIP|TODO)\b/i
const BRACKETS = /\[([^\]]+)\]/g
const ID = /^(?:[SA]-[A-Z]{2}-\d{2}|CF-\d+|[LUOZ]\d{1,2})$/

/** The requirements that passed tests cite in their names: `ok 3 - refuses a batch [S-TR-07]`. What was skipped proves nothing. */
export function provenBy(tap: string): ReadonlySet<string> {
  const proven = new Set<string>()
  for (const [, name = ''] of tap.matchAll(PASSED)) {
    if (SKIPPED.test(name)) continue
    for (const [, list = ''] of name.matchAll(BRACKETS)) {
      for (const id of list.split(/,\s*/)) if (ID.test(id)) proven.add(id)
    }
  }
  return proven
}

/** Requirements that the page of coverage claims: the first column of its table of proofs. */
export const claimedBy = (page: string): readonly string[] => [
  ...new Set([...page.matchAll(/^\| (\S+) \| [^|]+ \| \[/gm)].flatMap(([, id = '']) => (ID.test(id) ? [id] : []))),
]
