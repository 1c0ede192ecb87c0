import { openBus } from '@gatehouse/bus'
import { STREAMS } from '@gatehouse/contracts'
import { nats } from '@gatehouse/testkit'
import { connect, type NatsError } from 'nats'
import { feedCases } from './follow.cases.ts'

feedCases('NATS', async (t) => {
  const { url } = await nats(t)
  const operator = await connect({ servers: url })
  const { streams } = await operator.jetstreamManager()
  const bus = await openBus(url)
  return {
    bus,
    async deleteStreams() {
      for (const { name } of [STREAMS.authState, STREAMS.authDelta]) {
        await streams.delete(name).catch((error: NatsError) => {
          if (error.api_error?.code !== 404) throw error
        })
      }
    },
    async close() {
      await bus.close()
      await operator.close()
    },
  }
})
