import { openBus } from '@gatehouse/bus'
import { STREAMS } from '@gatehouse/contracts'
import { eventually, nats } from '@gatehouse/testkit'
import { connect, type NatsError } from 'nats'
import { feedCases } from './follow.cases.ts'

feedCases('NATS', async (t) => {
  const { url, stop, start } = await nats(t)
  const operator = await connect({ servers: url, reconnectTimeWait: 50, maxReconnectAttempts: -1 })
  const manager = await operator.jetstreamManager({ timeout: 500 })
  const bus = await openBus(url)
  return {
    bus,
    async deleteStreams() {
      for (const { name } of [STREAMS.authState, STREAMS.authDelta]) {
        await manager.streams.delete(name).catch((error: NatsError) => {
          if (error.api_error?.code !== 404) throw error
        })
      }
    },
    async outage(during) {
      await stop()
      await during()
      await start()
      await eventually(10_000, 'JetStream', () => manager.getAccountInfo())
    },
    async close() {
      await bus.close()
      await operator.close()
    },
  }
})
