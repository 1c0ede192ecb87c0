export { ConfigError, duration, flag, loadConfig, port, secret, url } from './load.ts'
export { Secret } from './secret.ts'
export { list, logLevel, natsUrl, refuseEmbeddedInProduction, serviceFields } from './service-fields.ts'
