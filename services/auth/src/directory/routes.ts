import { DIRECTORY, type DirectoryOperation, type DirectoryPort } from '@gatehouse/contracts'
import type { FastifyInstance } from 'fastify'
import type { AuthenticateService } from '../api-keys/assertion.ts'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'

/** The directory for our own services: the table of public routes does not have these paths, so no balancer forwards them. */
export async function directoryRoutes(
  server: FastifyInstance,
  deps: { readonly authenticate: AuthenticateService; readonly directory: DirectoryPort },
): Promise<void> {
  answerErrors(server, answerJson)
  for (const name of Object.keys(DIRECTORY) as DirectoryOperation[]) {
    const { path, input } = DIRECTORY[name]
    addEndpoint(server, {
      path,
      bodyLimit: 8 * 1024,
      post: async (request, reply) => {
        await deps.authenticate(request.headers.authorization)
        const asked = input.safeParse(request.body)
        if (!asked.success) throw new Refusal('request.malformed', { text: 'The question is not of its form.' })
        reply.header('cache-control', 'no-store')
        return deps.directory[name](asked.data as never)
      },
    })
  }
}
