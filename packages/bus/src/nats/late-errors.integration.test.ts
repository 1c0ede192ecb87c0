import { nats } from '@gatehouse/testkit'
import { connect } from 'nats'
import { test } from 'tap'
import { hearLateErrors, socketOf } from './late-errors.ts'

test('an error that a socket tells after its connection was closed ends no process', async (t) => {
  const { url } = await nats(t)
  const late = new Error('write after end')
  for (const heard of [false, true]) {
    const connection = await connect({ servers: url })
    const socket = socketOf(connection)
    if (socket === undefined) throw new Error('the library keeps its socket elsewhere')
    if (heard) hearLateErrors(connection)
    await connection.close()
    if (heard) t.doesNotThrow(() => socket.emit('error', late))
    else t.throws(() => socket.emit('error', late), late, 'the library itself leaves nobody to hear it')
  }
})
