export { type AuditDeps, type AuditService, createAuditApp, RESOURCE_PATH } from './app.ts'
export { type AuditConfig, auditConfig } from './config.ts'
export { PROBLEMS } from './errors.ts'
export { auditSchema } from './schema.ts'
