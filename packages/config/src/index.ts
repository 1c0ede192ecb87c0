export { ConfigError, duration, flag, loadConfig, port, secret, url } from './load.ts'
export { Secret } from './secret.ts'
