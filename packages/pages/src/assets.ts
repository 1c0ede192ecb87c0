import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ASSET_ROOT, type Asset, accentStylesheet, activityScript, icon, stylesheet } from './asset-files.ts'

const IMMUTABLE = 'public, max-age=31536000, immutable'

/** Fastify plugin: serves what the pages link to, below `/assets`. Public, immutable, with an ETag. */
export async function pagesAssets(app: FastifyInstance): Promise<void> {
  for (const asset of [stylesheet, icon, activityScript])
    app.get(asset.path, (request, reply) => send(asset, request, reply))
  app.get<{ Params: { file: string } }>(`${ASSET_ROOT}/:file`, (request, reply) => {
    const asset = accentAsset(request.params.file)
    return asset === undefined ? reply.callNotFound() : send(asset, request, reply)
  })
}

/** A brand's stylesheet by its file name; only the current hash is known. */
function accentAsset(file: string): Asset | undefined {
  const colour = /^accent-([0-9a-f]{3,6})\.[0-9a-f]{16}\.css$/.exec(file)?.[1]
  const asset = colour === undefined ? undefined : accentStylesheet(`#${colour}`)
  return asset?.path === `${ASSET_ROOT}/${file}` ? asset : undefined
}

function send(asset: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const tag = `"${asset.hash}"`
  reply.headers({ 'cache-control': IMMUTABLE, etag: tag, 'x-content-type-options': 'nosniff' })
  if (matches(request.headers['if-none-match'], tag)) return reply.code(304).send()
  return reply.type(asset.type).send(asset.body)
}

/** RFC 9110, 13.1.2: a list of tags, compared weakly, or `*`. */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((entry) => entry.trim() === '*' || entry.trim().replace(/^W\//, '') === tag)
}
