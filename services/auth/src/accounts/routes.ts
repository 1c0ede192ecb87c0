import type { FastifyInstance } from 'fastify'
import { type ForgotPasswordDeps, forgotPasswordRoutes } from './forgot-password.ts'
import { type InvitationDeps, invitationRoutes } from './invitation.ts'
import { type NewPasswordDeps, newPasswordRoutes } from './new-password.ts'

/** What people do who have a link, or need one. */
export function accountRoutes(
  server: FastifyInstance,
  deps: ForgotPasswordDeps & NewPasswordDeps & InvitationDeps,
): void {
  forgotPasswordRoutes(server, deps)
  newPasswordRoutes(server, deps)
  invitationRoutes(server, deps)
}
