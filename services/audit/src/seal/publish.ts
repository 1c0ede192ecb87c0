import type { Bus } from '@gatehouse/bus'
import { auditHeadSubject, STREAMS } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { heads_set_published, heads_unpublished } from './seal.store.ts'

const PURPOSE = 'audit: publish heads'
const BATCH = 200

/** Puts heads where the owner of the database has no say. A head that is published twice is one message, by its id. */
export async function publishHeads(database: Database, bus: Bus): Promise<number> {
  let published = 0
  for (;;) {
    const heads = await database.asPlatform(PURPOSE, (tx) => heads_unpublished(tx, BATCH))
    if (heads.length === 0) return published
    for (const { chain, hash, jws } of heads) {
      await bus.publish({ subject: auditHeadSubject(chain), id: hash, data: jws })
    }
    await database.asPlatform(PURPOSE, (tx) => heads_set_published(tx, heads))
    published += heads.length
  }
}

/** The heads that the bus has, oldest first; of one chain, or of all. */
export async function publishedHeads(bus: Bus, chain?: string): Promise<readonly string[]> {
  const heads: string[] = []
  const decoder = new TextDecoder()
  const filter = chain === undefined ? {} : { filter: auditHeadSubject(chain) }
  const follower = await bus.follow(STREAMS.auditHeads.name, { from: 'first', ...filter }, ({ data }) => {
    heads.push(decoder.decode(data))
  })
  try {
    await follower.caughtUp
    return heads
  } finally {
    await follower.stop()
  }
}
