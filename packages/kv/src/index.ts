export { type KeyValueOptions, openKeyValue } from './open.ts'
export { type ChannelListener, type KeyValue, KeyValueUnavailable, type MapChange, type Subscription } from './port.ts'
