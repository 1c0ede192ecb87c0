export { ConfigError, duration, flag, loadConfig, port, secret, url } from './load.ts'
export { unsafeInProduction } from './production.ts'
export { Secret } from './secret.ts'
export { list, logLevel, natsUrl, serviceFields } from './service-fields.ts'
