import { AsyncResource } from 'node:async_hooks'
import { refuseInsideTransaction } from '@gatehouse/contracts'

/** After which those who wait for a statement that is on its way are asked for without it: one that hangs holds up nobody else. */
const PATIENCE_MS = 20
/** As many are not kept waiting. */
const MOST = 200

/** What will be asked for by one statement. */
interface Shared<V> {
  readonly keys: Set<string>
  readonly found: Promise<ReadonlyMap<string, V>>
  send(): void
}

/**
 * One statement for all who ask at once. Whoever asks is answered by a statement that is sent after they asked, never by an earlier one: of
 * what was committed before, all is seen, just as if each had asked alone. Those who ask in one turn of the loop share a statement, and so do
 * those who ask while one is on its way. @param read what is missing from its answer is `undefined` for whoever asked for it
 * @throws InsideTransactionError inside a transaction
 */
export function sharedRead<V>(
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  let gathering: Shared<V> | undefined
  let underWay: Shared<V> | undefined

  const sendNext = () => gathering?.send()

  const gather = (): Shared<V> => {
    const keys = new Set<string>()
    let settle: (found: Promise<ReadonlyMap<string, V>>) => void
    const found = new Promise<ReadonlyMap<string, V>>((resolve) => {
      settle = resolve
    })
    // As part of the request that asked first: that is where a trace shows it.
    const asker = new AsyncResource('SharedRead')
    const send = () => {
      if (gathering !== shared) return
      gathering = undefined
      underWay = shared
      const arrived = () => {
        clearTimeout(overdue)
        if (underWay !== shared) return
        underWay = undefined
        sendNext()
      }
      const overdue = setTimeout(arrived, PATIENCE_MS)
      const reading = asker.runInAsyncScope(read, undefined, [...keys])
      settle(reading)
      reading.then(arrived, arrived)
    }
    const shared = { keys, found, send }
    return shared
  }

  return async (key) => {
    refuseInsideTransaction('reading')
    if (gathering === undefined) {
      gathering = gather()
      if (underWay === undefined) setImmediate(gathering.send)
    }
    const { keys, found, send } = gathering
    keys.add(key)
    if (keys.size >= MOST) send()
    return (await found).get(key)
  }
}
