import { commandsOf, createProgram, EXAMPLES, EXIT, EXIT_MEANINGS } from '@gatehouse/cli'

type Program = ReturnType<typeof createProgram>

/** Nothing is run: the commands are looked at. */
const NOWHERE = { env: {}, fetch: globalThis.fetch, out: () => undefined, err: () => undefined }

const cell = (text: string): string => text.replaceAll('|', '\\|')

const rowsOf = (command: Program): readonly (readonly [name: string, about: string])[] => [
  ...command.registeredArguments.map((argument) => {
    const { description, required, argChoices } = argument
    const name = required ? `<${argument.name()}>` : `[${argument.name()}]`
    return [name, `${description}${argChoices === undefined ? '' : `: ${argChoices.join(', ')}`}`] as const
  }),
  ...command.options.map(
    ({ flags, description, argChoices, mandatory, defaultValue }) =>
      [
        flags,
        [
          description,
          ...(argChoices === undefined ? [] : [`: ${argChoices.join(', ')}`]),
          ...(mandatory ? ['; needed'] : []),
          ...(defaultValue === undefined || typeof defaultValue === 'boolean' ? [] : [`; default: ${defaultValue}`]),
        ].join(''),
      ] as const,
  ),
]

const section = (name: string, command: Program): string => {
  const rows = rowsOf(command).map(([what, about]) => `| \`${cell(what)}\` | ${cell(about)} |`)
  return [
    `### ${name}`,
    `${command.description()}.`,
    ...(rows.length === 0 ? [] : [['| takes | |', '| --- | --- |', ...rows].join('\n')]),
    `\`gatehouse ${EXAMPLES[name]}\``,
  ].join('\n\n')
}

/** `docs/command-line.md`. */
export function commandLinePage(): string {
  const program = createProgram(NOWHERE)
  const groups = program.commands.map((group) => {
    const all = [...commandsOf(group, [group.name()])].map(([name, command]) => section(name, command))
    return [`## ${group.name()}`, ...(group.commands.length === 0 ? [] : [`${group.description()}.`]), ...all].join(
      '\n\n',
    )
  })
  const exits = Object.entries(EXIT_MEANINGS).map(
    ([kind, meaning]) => `| ${EXIT[kind as keyof typeof EXIT]} | ${kind === 'ok' ? '' : `\`${kind}\``} | ${meaning} |`,
  )
  return `# The command line

\`npm run -s gatehouse -- …\` operates an installation over its admin API, and does nothing that the API does not do. Made by
\`packages/stack/src/command-line-page.ts\`; \`UPDATE=1 node --import tsx packages/stack/src/command-line-page.test.ts\` writes it.

Where Gatehouse is stands in \`GATEHOUSE_URL\` (or \`--url\`), who asks in \`GATEHOUSE_ADMIN_TOKEN\` (or \`--token\`, which other users of the
machine can see): the token of the installation, or an access token with \`gatehouse:admin\` of a client that acts for itself.

| ends with | \`error.code\` | |
| --: | --- | --- |
${exits.join('\n')}

With \`--json\`, standard output has one JSON value and nothing else: the answer of the admin API. On standard error each line is one object: \`{"error":{"code","message"}}\`,
with \`status\`, \`reason\` and \`requestId\` where the server refused, or \`{"note"}\` for what is worth knowing meanwhile. \`audit list --follow\` writes an event
a line; \`audit export\` without \`--out\` writes what \`--format\` says. Secrets, keys and links stand alone on standard output, so that they can be piped.

${groups.join('\n\n')}
`
}
