export { Arrival, type Serve } from './arrival.ts'
export { type Health, healthOf, openHealth, type ReadyCheck } from './health.ts'
export { type Closeable, type Closing, runService } from './run.ts'
export { type App, createServer, type ServerOptions } from './server.ts'
