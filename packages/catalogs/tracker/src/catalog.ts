import { defineCatalog, openRows } from '@gatehouse/catalog'
import { demo } from './demo/demo.ts'
import type { Tracker } from './domain.ts'
import { changes } from './events.ts'
import { entry } from './resources/entry.ts'
import { project } from './resources/project.ts'
import { projectEntries } from './resources/project-entries.ts'
import { projects } from './resources/projects.ts'
import { entryAddComment } from './tools/entry-add-comment.ts'
import { entryCreate } from './tools/entry-create.ts'
import { entryUpdateStatus } from './tools/entry-update-status.ts'
import { searchGlobal } from './tools/search-global.ts'

/** Projects and entries of a product team. */
export const tracker = defineCatalog<Tracker>({
  name: 'tracker',
  schema: { name: 'tracker', role: 'gatehouse_mcp', migrations: new URL('../migrations/', import.meta.url) },
  tools: [entryCreate, entryUpdateStatus, entryAddComment, searchGlobal],
  resources: [projects, project, projectEntries, entry],
  changes,
  open: openRows,
  demo,
})
