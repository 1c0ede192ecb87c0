import { sql, type Tx } from '@gatehouse/database'

export interface CommentRow {
  readonly id: string
  readonly author_id: string
  readonly author_name: string | null
  readonly content: string
  readonly created_at: Date
}

export function insertComment(
  tx: Tx,
  comment: { readonly id: string; readonly entryId: string; readonly authorId: string; readonly content: string },
  now: Date,
): Promise<number> {
  return tx.run(sql`
    insert into tracker.comments (id, entry_id, author_id, content, created_at)
    values (${comment.id}, ${comment.entryId}, ${comment.authorId}, ${comment.content}, ${now})`)
}

/** The newest, newest first. */
export function listComments(tx: Tx, entryId: string, atMost: number): Promise<CommentRow[]> {
  return tx.rows<CommentRow>(sql`
    select c.id, c.author_id, p.name as author_name, c.content, c.created_at
    from tracker.comments c
    left join tracker.people p on p.tenant_id = c.tenant_id and p.id = c.author_id
    where c.entry_id = ${entryId}
    order by c.created_at desc, c.id desc
    limit ${atMost}`)
}
