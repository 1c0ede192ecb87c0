export { type BusOptions, openBus } from './open.ts'
export {
  type Bus,
  BusUnavailable,
  type Consumer,
  type Follower,
  type From,
  type IncomingMessage,
  type OutgoingMessage,
} from './port.ts'
export { busSchema } from './schema.ts'
export { matchesSubject } from './subjects.ts'
export { tracedBus } from './traced.ts'
