import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMetrics } from '@gatehouse/telemetry'
import { test } from 'tap'
import { parse } from 'yaml'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string }
}

const rules = (parse(read('k8s/monitoring/alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)
const dashboard = JSON.parse(read('k8s/monitoring/dashboards/gatehouse.json')) as {
  panels: { title: string; targets: { expr: string }[] }[]
}
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
]

/** Metrics of our own as the sources make them: their names, and the labels that stand behind. */
function ownMetrics(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'services', 'packages'], { cwd: root })
  const files = listed
    .toString()
    .split('\n')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  for (const file of files.filter((one) => existsSync(join(root, one)))) {
    for (const [, kind, name = '', rest = ''] of read(file).matchAll(
      /\.(counter|gauge|histogram|tally|timing)\(\s*'(gatehouse_\w+)',\s*(?:'[^']*'|`[^`]*`)([^)]*)\)/g,
    )) {
      const isHistogram = kind === 'histogram' || kind === 'timing'
      const labels = [...rest.matchAll(/'(\w+)'/g)].map(([, label = '']) => label)
      for (const one of isHistogram ? ['_bucket', '_count', '_sum'] : ['']) {
        found.set(`${name}${one}`, isHistogram ? [...labels, 'le'] : labels)
      }
    }
  }
  return found
}

/** Words of the query language, and of Prometheus and Grafana themselves. */
const named = (expr: string): readonly string[] =>
  [...expr.matchAll(/\b((?:gatehouse|nodejs|process)_\w+)/g)].map(([, name = '']) => name)

test('every metric that an alert or a dashboard names is one that the code makes, with the labels that it is asked for', async (t) => {
  const own = ownMetrics()
  const process = await createMetrics().expose()
  t.ok(own.size > 15)
  for (const expr of expressions) {
    for (const name of named(expr)) {
      t.ok(own.has(name) || process.body.includes(`# TYPE ${name} `), `${name} in ${expr}`)
    }
    for (const [, name = '', asked = ''] of expr.matchAll(/\b(gatehouse_\w+)\{([^}]*)\}/g)) {
      for (const [, label = ''] of asked.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
        t.ok(own.get(name)?.includes(label), `${name}{${label}}`)
    }
    for (const [, labels = ''] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
      const made = named(expr).flatMap((name) => own.get(name) ?? [])
      for (const label of labels.split(',')) t.ok(made.includes(label.trim()), `by ${label} in ${expr}`)
    }
  }
})

test('every alert says what is wrong, how bad it is, and has a runbook; every runbook has an alert', async (t) => {
  const sections = [...read('docs/runbooks.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name)
  t.same(
    sections,
    rules.map(({ alert }) => alert),
  )
  for (const { alert, labels, annotations } of rules) {
    t.match(labels.severity, /^(critical|warning)$/, alert)
    t.ok(annotations.summary.length > 10 && annotations.description.length > 10, alert)
    t.equal(annotations.runbook_url, `docs/runbooks.md#${alert.toLowerCase()}`)
  }
})

test('units stand in the names of metrics', async (t) => {
  // Counts of things that are there now have none.
  const plain = [
    'gatehouse_ready',
    'gatehouse_mcp_streams',
    'gatehouse_mcp_streams_capacity',
    'gatehouse_mcp_tasks',
    'gatehouse_mcp_audit_queue',
    'gatehouse_audit_unsealed',
  ]
  for (const name of ownMetrics().keys()) {
    t.ok(/_(total|seconds|bytes)(_bucket|_count|_sum)?$/.test(name) || plain.includes(name), name)
  }
})

test('every metric of ours is explained in the operations page', async (t) => {
  const page = read('docs/operations.md')
  for (const name of ownMetrics().keys()) t.match(page, name.replace(/_(bucket|count|sum)$/, ''), name)
})
