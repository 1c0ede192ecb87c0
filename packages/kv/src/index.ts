export { type KeyValueOptions, openKeyValue } from './open.ts'
export {
  type ChannelListener,
  type Counted,
  type KeyValue,
  KeyValueUnavailable,
  type MapChange,
  type Subscription,
} from './port.ts'
