import { defineCatalog, openRows } from '@gatehouse/catalog'
import { demo } from './demo/demo.ts'
import type { Tracker } from './domain.ts'
import { changes } from './events.ts'
import { createIssueFromContext } from './prompts/create-issue-from-context.ts'
import { summariseProjectStatus } from './prompts/summarise-project-status.ts'
import { entry } from './resources/entry.ts'
import { project } from './resources/project.ts'
import { projectEntries } from './resources/project-entries.ts'
import { projects } from './resources/projects.ts'
import { releases } from './resources/releases.ts'
import { taskMappings } from './resources/task-mappings.ts'
import { entryAddComment } from './tools/entry-add-comment.ts'
import { entryCreate } from './tools/entry-create.ts'
import { entryUpdateStatus } from './tools/entry-update-status.ts'
import { searchGlobal } from './tools/search-global.ts'
import { taskLink } from './tools/task-link.ts'
import { taskSyncFromExternal } from './tools/task-sync-from-external.ts'

/** Projects, entries and releases of a product team. */
export const tracker = defineCatalog<Tracker>({
  name: 'tracker',
  schema: { name: 'tracker', role: 'gatehouse_mcp', migrations: new URL('../migrations/', import.meta.url) },
  tools: [entryCreate, entryUpdateStatus, entryAddComment, taskLink, taskSyncFromExternal, searchGlobal],
  resources: [projects, project, projectEntries, entry, releases, taskMappings],
  prompts: [summariseProjectStatus, createIssueFromContext],
  changes,
  open: openRows,
  demo,
})
