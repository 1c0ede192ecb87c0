import { openDatabase } from '@gatehouse/database'
import { openTaskNode } from './task-node.ts'

// A node that begins the tasks it is told to and waits for its end: `main <database URL> <node> <tool> <arguments> …`
const [url = '', node = '', ...told] = process.argv.slice(2)
const host = await openDatabase(url)
const own = openTaskNode(host, node)
for (let at = 0; at < told.length; at += 2) {
  const id = await own.begin(told[at] ?? '', JSON.parse(told[at + 1] ?? '{}'))
  process.stdout.write(`begun ${told[at]} ${id}\n`)
}
setInterval(() => undefined, 60_000)
