import type { StreamDefinition } from '@gatehouse/contracts'
import {
  DiscardPolicy,
  type JetStreamManager,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from 'nats'

/** JetStream's own codes for API errors. */
const STREAM_NOT_FOUND = 10_059
const STREAM_NAME_IN_USE = 10_058

const isStreamMissing = (error: unknown): boolean => apiCode(error) === STREAM_NOT_FOUND

/** `undefined` for a stream that is not there. @throws any other error */
export function unlessMissing(error: unknown): undefined {
  if (!isStreamMissing(error)) throw error
}

const apiCode = (error: unknown): number | undefined =>
  error instanceof NatsError ? error.api_error?.err_code : undefined

/** Creates or updates; another process that does the same at the same time is no obstacle. */
export async function ensureStream(jsm: JetStreamManager, stream: StreamDefinition, replicas?: number): Promise<void> {
  const config = { ...streamConfig(stream), ...(replicas !== undefined && { num_replicas: replicas }) }
  const update = () => jsm.streams.update(stream.name, config)
  try {
    await update()
  } catch (error) {
    if (!isStreamMissing(error)) throw error
    try {
      await jsm.streams.add({ ...config, name: stream.name })
    } catch (raced) {
      if (apiCode(raced) !== STREAM_NAME_IN_USE) throw raced
      await update()
    }
  }
}

/** What it held is gone; copies are kept of it as before, unless told how many. One that is missing is created. */
export async function recreateStream(jsm: JetStreamManager, stream: StreamDefinition, replicas?: number) {
  const before = await jsm.streams.info(stream.name).catch(unlessMissing)
  if (before !== undefined) await jsm.streams.delete(stream.name).catch(unlessMissing)
  await ensureStream(jsm, stream, replicas ?? before?.config.num_replicas)
}

function streamConfig(stream: StreamDefinition): Partial<StreamConfig> {
  return {
    subjects: [...stream.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_age: nanos((stream.maxAgeSeconds ?? 0) * 1_000),
    max_bytes: stream.maxBytes ?? -1,
    max_msgs_per_subject: stream.maxMessagesPerSubject ?? -1,
    duplicate_window: nanos(stream.duplicateWindowSeconds * 1_000),
  }
}
