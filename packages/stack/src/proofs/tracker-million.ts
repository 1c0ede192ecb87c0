import { tracker } from '@gatehouse/catalog-tracker'
import { sql } from '@gatehouse/database'
import { type CatalogAtSize, catalogMillion } from './catalog-million.ts'

const PROJECTS = 200
/** Each word of a text is one of so many; one entry in 10,000 has the word `needle`. */
const WORDS = 2_000

const entries: CatalogAtSize = {
  catalog: tracker,
  rows: (count) => [
    sql`insert into tracker.people (id, name, email)
      select 'person_' || n, 'Person ' || n, 'person' || n || '@million.test' from generate_series(1, 20000) n`,
    sql`insert into tracker.projects (id, name, created_at)
      select 'prj_' || n, 'Project ' || n, now() from generate_series(1, ${PROJECTS}::integer) n`,
    sql`insert into tracker.entries
        (id, project_id, title, type, description, priority, status, reporter_id, comment_count, created_at, updated_at)
      select 'ent_' || n, 'prj_' || (n % ${PROJECTS}::integer + 1),
        'word' || abs(hashint8(n)) % ${WORDS}::integer || case when n % 10000 = 0 then ' needle ' else ' hay ' end || n,
        (array['feature_request', 'bug_report', 'feedback', 'documentation'])[n % 4 + 1],
        'word' || abs(hashint8(n + ${count}::bigint)) % ${WORDS}::integer || ' word' || n % ${WORDS}::integer,
        (array['low', 'medium', 'high', 'critical'])[n % 4 + 1],
        (array['open', 'assigned', 'in_progress', 'deployed', 'solved'])[n % 5 + 1],
        'person_' || n % 20000 + 1, 0, now() - n * interval '1 second', now() - n * interval '1 second'
      from generate_series(1::bigint, ${count}::bigint) n`,
    sql`insert into tracker.comments (id, entry_id, author_id, content, created_at)
      select 'cmt_' || n, 'ent_' || ((n * 977) % ${count}::bigint + 1), 'person_' || n % 20000 + 1, 'Remark ' || n, now()
      from generate_series(1::bigint, ${count}::bigint / 5) n`,
    // Of those of the second project: no task takes its entry to another.
    sql`insert into tracker.task_mappings (system, external_id, entry_id, created_at, updated_at)
      select 'jira', 'T-' || (n / ${PROJECTS}::integer + 1), 'ent_' || n, now(), now() - n * interval '1 second'
      from generate_series(1::bigint, ${count}::bigint, ${PROJECTS}::bigint) n`,
  ],
  hot: [
    {
      name: 'search',
      tool: 'search.global',
      input: (nth) => ({ q: `word${nth % WORDS} hay` }),
      indexes: ['entries_search'],
      found: ({ results }) => results.length === 50,
    },
    {
      name: 'search_rare',
      tool: 'search.global',
      input: () => ({ q: 'needle' }),
      indexes: ['entries_search'],
      found: ({ results }) => results.length === 50,
    },
    {
      name: 'list',
      resource: 'projects/{projectId}/entries',
      variables: (nth) => ({ projectId: `prj_${(nth % PROJECTS) + 1}` }),
      found: ({ shown }) => shown === 200,
    },
    {
      name: 'read',
      resource: 'entries/{entryId}',
      variables: (nth) => ({ entryId: `ent_${nth * 977 + 1}` }),
      found: ({ id }) => id === 'ent_1',
    },
    { name: 'projects', resource: 'projects', found: ({ projects }) => projects.length === PROJECTS },
    { name: 'mappings', resource: 'task-mappings', found: ({ mappings }) => mappings.length === 200 },
    {
      name: 'sync',
      tool: 'task.sync_from_external',
      input: (nth) => ({ system: 'jira', externalId: `T-${nth + 1}`, projectId: 'prj_2', title: `Synced ${nth}` }),
      found: ({ outcome, id }) => outcome !== 'created' && id === 'ent_1',
    },
    {
      name: 'update',
      tool: 'entry.update_status',
      input: (nth) => ({ entryId: `ent_${nth * 977 + 1}`, priority: nth % 2 === 0 ? 'high' : 'low' }),
      found: ({ id }) => id === 'ent_1',
    },
  ],
}

export const trackerMillion = catalogMillion(entries)
