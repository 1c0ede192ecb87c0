export { Arrival, type Serve } from './arrival.ts'
export { type Closeable, type Closing, runService } from './run.ts'
export { type App, createServer, type ReadyCheck, type ServerOptions } from './server.ts'
