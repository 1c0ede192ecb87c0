import type { Adapter, AdapterPayload } from 'oidc-provider'
import type pg from 'pg'

/** What `oidc-provider` keeps, in one table of PostgreSQL, through a pool; each step one statement. */
export const PEER_TABLE = `
  create table if not exists peer (
    model text not null, id text not null, payload jsonb not null, grant_id text, uid text,
    expires_at timestamptz, consumed_at timestamptz, primary key (model, id)
  );
  create index if not exists peer_grant_id on peer (grant_id)`

/** An adapter for each model, as the library asks for one. */
export function peerAdapter(pool: pg.Pool): new (model: string) => Adapter {
  return class implements Adapter {
    readonly #model: string

    constructor(model: string) {
      this.#model = model
    }

    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const expires = Number.isFinite(expiresIn) ? new Date(Date.now() + expiresIn * 1_000) : null
      await pool.query({
        name: 'peer-upsert',
        text: `insert into peer (model, id, payload, grant_id, uid, expires_at) values ($1, $2, $3, $4, $5, $6)
          on conflict (model, id) do update set payload = excluded.payload, expires_at = excluded.expires_at`,
        values: [this.#model, id, payload, payload.grantId ?? null, payload.uid ?? null, expires],
      })
    }

    find(id: string): Promise<AdapterPayload | undefined> {
      return this.#first('peer-find', 'id = $2', id)
    }

    findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return this.#first('peer-uid', 'uid = $2', uid)
    }

    async findByUserCode(): Promise<undefined> {
      return undefined
    }

    async consume(id: string): Promise<void> {
      await pool.query({
        name: 'peer-consume',
        text: 'update peer set consumed_at = now() where model = $1 and id = $2',
        values: [this.#model, id],
      })
    }

    async destroy(id: string): Promise<void> {
      await pool.query({
        name: 'peer-destroy',
        text: 'delete from peer where model = $1 and id = $2',
        values: [this.#model, id],
      })
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      await pool.query({ name: 'peer-revoke', text: 'delete from peer where grant_id = $1', values: [grantId] })
    }

    async #first(name: string, where: string, value: string): Promise<AdapterPayload | undefined> {
      const { rows } = await pool.query<{ payload: AdapterPayload; consumed: number | null }>({
        name,
        text: `select payload, extract(epoch from consumed_at)::float8 as consumed from peer
          where model = $1 and ${where} and (expires_at is null or expires_at > now())`,
        values: [this.#model, value],
      })
      const [row] = rows
      return row && { ...row.payload, ...(row.consumed === null ? {} : { consumed: row.consumed }) }
    }
  }
}
