import type { Command } from 'commander'

/** One good line of every command, as its help shows it. What stands in capitals is an id that a list shows. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  'tenants list': 'tenants list',
  'tenants create': 'tenants create umbrella --name "Umbrella Corporation" --plan business --mcp',
  'tenants rename': 'tenants rename umbrella Umbrella',
  'tenants plan': 'tenants plan umbrella business',
  'tenants mcp': 'tenants mcp umbrella off',
  'tenants suspend': 'tenants suspend umbrella',
  'tenants activate': 'tenants activate umbrella',
  'tenants sign-in': 'tenants sign-in umbrella corp join --domain umbrella.test --role member',
  'plans list': 'plans list',
  'roles list': 'roles list',
  'people list': 'people list acme',
  'people show': 'people show member@acme.test',
  'people add': 'people add umbrella rosa@umbrella.test --role member --name "Rosa Diaz"',
  'people role': 'people role umbrella rosa@umbrella.test admin',
  'people remove': 'people remove umbrella rosa@umbrella.test',
  'people invite': 'people invite umbrella hana@umbrella.test --role member --send',
  'people invitations': 'people invitations umbrella',
  'people uninvite': 'people uninvite INVITATION',
  'people password-link': 'people password-link rosa@umbrella.test --send',
  'people rename': 'people rename rosa@umbrella.test "Rosa Maria Diaz"',
  'people deactivate': 'people deactivate rosa@umbrella.test',
  'people activate': 'people activate rosa@umbrella.test',
  'people delete': 'people delete rosa@umbrella.test',
  'sessions list': 'sessions list member@acme.test',
  'sessions end': 'sessions end SESSION',
  'sessions end-all': 'sessions end-all member@acme.test --applications',
  'providers list': 'providers list',
  'providers add':
    'providers add corp --label "Corp" --issuer https://id.corp.example --client-id gatehouse --client-secret-from CORP_SECRET',
  'providers remove': 'providers remove corp',
  'clients list': 'clients list',
  'clients show': 'clients show CLIENT',
  'clients create':
    'clients create --name "Reports" --redirect https://reports.example/callback --method client_secret_basic',
  'clients update': 'clients update CLIENT --name "Monthly reports"',
  'clients disable': 'clients disable CLIENT',
  'clients enable': 'clients enable CLIENT',
  'clients rotate-secret': 'clients rotate-secret CLIENT',
  'clients delete': 'clients delete CLIENT',
  'client-hosts list': 'client-hosts list acme',
  'client-hosts set': 'client-hosts set acme evil.example deny',
  'client-hosts remove': 'client-hosts remove acme evil.example',
  'keys create': 'keys create --tenant acme --name "nightly sync" --scope mcp:read --expires 2999-01-31T12:00:00Z',
  'keys change': 'keys change KEY --name "weekly sync"',
  'keys revoke': 'keys revoke KEY',
  'keys list': 'keys list --tenant acme',
  'keys rotate': 'keys rotate access',
  'grants list': 'grants list --tenant acme',
  'grants revoke': 'grants revoke GRANT',
  'consents list': 'consents list member@acme.test',
  'consents revoke': 'consents revoke member@acme.test CONSENT',
  explain: 'explain --tenant acme --person member@acme.test --needs mcp:write --permission entries:write',
  'resources list': 'resources list',
  'resources show': 'resources show https://reports.example',
  'resources create':
    'resources create https://reports.example --name Reports --scope "reports:read=Read reports" --default reports:read',
  'resources update': 'resources update https://reports.example --seconds 300',
  'resources rotate': 'resources rotate https://reports.example',
  'resources delete': 'resources delete https://reports.example',
  'audit list': 'audit list --tenant acme --outcome refused --limit 50',
  'audit export': 'audit export --tenant acme --format csv --out acme.csv',
  'audit verify': 'audit verify --tenant acme',
  'audit heads': 'audit heads --tenant acme',
  'audit retention': 'audit retention',
  'audit keep': 'audit keep CLASS 24',
  'audit erase': 'audit erase PERSON --tenant acme',
  'feed status': 'feed status',
  'feed rebuild': 'feed rebuild',
  doctor: 'doctor',
}

/** The commands that do something, by their words. */
export function commandsOf(command: Command, words: readonly string[] = []): ReadonlyMap<string, Command> {
  if (command.commands.length === 0) return new Map([[words.join(' '), command]])
  return new Map(command.commands.flatMap((one) => [...commandsOf(one, [...words, one.name()])]))
}

/** Has each command show its example. */
export function showExamples(program: Command): void {
  for (const [words, command] of commandsOf(program)) {
    const example = EXAMPLES[words]
    if (example !== undefined) command.addHelpText('after', `\nExample:\n  gatehouse ${example}`)
  }
}
