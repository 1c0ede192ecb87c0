import type { Proof } from './proof.ts'
import type { Result } from './results.ts'

/** `docs/proofs.md`: what each proof claims, and what its last run came to. One that was not run as it is now says so. */
export function proofsPage(proofs: readonly Pick<Proof, 'name' | 'claim'>[], results: readonly Result[]): string {
  const rows = proofs.map(({ name, claim }) => {
    const last = results.find(({ proof }) => proof === name)
    return { name, claim, last: last?.claim === claim ? last : undefined, ofAnother: last }
  })
  return [
    '# Proofs',
    '',
    '<!-- Written by `npm run proof -- --docs`. -->',
    '',
    'What takes too long for every test run, and what its last run counted. `npm run proof <name>` repeats one; a proof that fails ends with 1.',
    'A run is of the claim as it stands here: where a claim has changed since, it counts as not run.',
    '',
    '| proof | result | when (UTC) | commit | took |',
    '| --- | --- | --- | --- | --: |',
    ...rows.map(({ name, last }) =>
      last === undefined
        ? `| [${name}](#${name}) | not run |  |  |  |`
        : `| [${name}](#${name}) | ${last.holds ? 'holds' : '**does not hold**'} | ${when(last)} | ${commitOf(last)} | ${took(last)} |`,
    ),
    '',
    ...rows.flatMap(({ name, claim, last, ofAnother }) => [
      `## ${name}`,
      '',
      `${claim.charAt(0).toUpperCase()}${claim.slice(1)}.`,
      '',
      ...(last === undefined ? notRun(ofAnother) : counted(last)),
      '',
    ]),
  ].join('\n')
}

const notRun = (ofAnother: Result | undefined): string[] => [
  ofAnother === undefined ? 'Not run.' : `Not run since the claim was changed; the last run was on ${when(ofAnother)}.`,
]

function counted(result: Result): string[] {
  const { error, ...counts } = result.counted
  const entries = Object.entries(counts)
  const listed = entries.map(([name, value]) => `${name} ${typeof value === 'number' ? grouped(value) : value}`)
  return [
    `${result.holds ? 'Holds' : '**Does not hold**'}: ${when(result)}, commit ${commitOf(result)}, ${took(result)}, on ${machineOf(result)}.`,
    ...(listed.length === 0 ? [] : ['', '```', ...wrapped(listed), '```']),
    ...(error === undefined ? [] : ['', '```', ...wrapped(String(error).split(/\s+|(?<=,)/)), '```']),
  ]
}

const when = ({ finished }: Result): string => finished.slice(0, 16).replace('T', ' ')

function commitOf({ commit }: Result): string {
  const [hash = '', changes] = commit.split('+')
  return `\`${hash.slice(0, 7)}\`${changes === undefined ? '' : ' and changes'}`
}

const took = ({ seconds }: Result): string =>
  seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`

function machineOf({ machine }: Result): string {
  const { cpu, cores, memoryGiB, node, load } = machine
  const shared = load === undefined ? '' : `, load average ${load} at its end`
  return `${cores} × ${cpu}, ${memoryGiB} GiB, Node ${node}${shared}`
}

const grouped = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 })

const LINE = 120

function wrapped(words: readonly string[]): string[] {
  const lines: string[] = []
  for (const word of words) {
    const line = lines.at(-1)
    if (line === undefined || line.length + word.length + 3 > LINE) lines.push(word)
    else lines[lines.length - 1] = `${line}   ${word}`
  }
  return lines
}
