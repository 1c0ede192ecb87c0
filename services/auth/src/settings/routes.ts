import type { FastifyInstance } from 'fastify'
import { type ApiKeyPageDeps, apiKeyRoutes } from './api-keys.ts'
import { billingRoutes } from './billing.ts'
import { clientHostRoutes } from './client-hosts.ts'
import { type MemberPageDeps, memberRoutes } from './members.ts'
import { type ProfilePageDeps, profileRoutes } from './profile.ts'

/** What people and organisations look after themselves. */
export function settingsRoutes(server: FastifyInstance, deps: ApiKeyPageDeps & MemberPageDeps & ProfilePageDeps): void {
  apiKeyRoutes(server, deps)
  memberRoutes(server, deps)
  clientHostRoutes(server, deps)
  profileRoutes(server, deps)
  billingRoutes(server, deps)
}
