export { type KeyValueOptions, openKeyValue } from './open.ts'
export { type KeyValue, KeyValueUnavailable } from './port.ts'
