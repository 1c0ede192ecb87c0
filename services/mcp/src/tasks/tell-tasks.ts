import type { Database } from '@gatehouse/database'
import type { Logger } from '@gatehouse/telemetry'
import type { Registry } from '../registry/build.ts'
import type { Hub } from '../streams/hub.ts'
import { detailedMembers } from './task.ts'
import { tasks_list } from './tasks.store.ts'
import type { Tasks } from './tasks.ts'

/** Read at once. */
const CHUNK = 100

/**
 * Tells streams of this node of the tasks that they listen to: each as `tasks/get` would give it now. What changes while it is read is
 * read again; what nobody here listens to is not read.
 */
export function tellTasks(options: {
  readonly tasks: Pick<Tasks, 'onChange'>
  readonly hub: Hub
  readonly registry: Registry
  readonly db: Database
  readonly pollMs: number
  readonly log: Logger
}): void {
  const { hub, registry, db, log } = options
  const changed = new Set<string>()
  let reading = false

  const read = async (): Promise<void> => {
    for (let ids = [...changed].slice(0, CHUNK); ids.length > 0; ids = [...changed].slice(0, CHUNK)) {
      for (const id of ids) changed.delete(id)
      const views = await db.asPlatform('tell of tasks', (tx) => tasks_list(tx, ids))
      for (const view of views) {
        const requirement = registry.tools.get(view.tool)?.requirement
        if (requirement === undefined) continue
        hub.publishTask(view.tenant, view.id, { requirement, members: detailedMembers(view, options.pollMs) })
      }
    }
  }
  options.tasks.onChange((task) => {
    if (task === undefined) for (const id of hub.tasks) changed.add(id)
    else if (hub.listensToTask(task.tenant, task.id)) changed.add(task.id)
    if (reading || changed.size === 0) return
    reading = true
    read()
      .catch((error: unknown) => log.warn({ err: error }, 'nobody can be told of tasks; their clients have to look'))
      .finally(() => {
        reading = false
      })
  })
}
