import { test } from 'tap'
import { judgeArguments, wholeNumberIn } from './command-line.ts'

const line = {
  usage: 'usage: npm run it [-- --nodes N]',
  options: { nodes: { type: 'string', default: '2' } },
} as const

test('arguments are values, help, or a fault in one line with the usage', async (t) => {
  t.match(judgeArguments(line, ['--nodes', '3']), { kind: 'values', values: { nodes: '3' } })
  t.match(judgeArguments(line, []), { kind: 'values', values: { nodes: '2' } })
  for (const help of ['--help', '-h']) t.same(judgeArguments(line, [help]), { kind: 'help', text: line.usage })
  for (const bad of ['--port', 'word', '--nodes']) {
    const judged = judgeArguments(line, [bad])
    t.equal(judged.kind, 'fault', bad)
    if (judged.kind === 'values') continue
    t.match(judged.text, bad)
    t.match(judged.text, new RegExp(`^[^\\n]+\\n\\n${line.usage.replace(/[[\]]/g, '\\$&')}$`))
  }
})

test('a whole number lies in its range and is written in digits alone', async (t) => {
  for (const good of ['1', '16']) t.equal(wholeNumberIn(good, [1, 16]), Number(good))
  for (const bad of ['0', '17', 'many', '', '1.5', '1e1', '-1', ' 2'])
    t.equal(wholeNumberIn(bad, [1, 16]), undefined, bad)
})
