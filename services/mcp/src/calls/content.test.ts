import { CallToolResultSchema } from '@modelcontextprotocol/core'
import { t as file, test } from 'tap'
import { FEATURES, type Revision } from '../protocol/revisions.ts'
import { openParts, openRig } from '../testing/rig.ts'
import { BYTES, TALKS } from '../testing/talks-catalog.ts'
import { legacy, modern } from '../testing/wire.ts'
import { annotationsOf, blockOf } from './content.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const BASE64 = 'AP8QgA=='

test('content in every revision', async (suite) => {
  const rig = await openRig(parts, { catalogs: [TALKS] })
  suite.teardown(() => rig.close())
  const token = await rig.token()
  const call = async (revision: string, name: string, given: object = {}) => {
    const params = { name, arguments: given }
    const answer =
      revision === '2026-07-28'
        ? await modern(rig, token, 'tools/call', params)
        : await legacy(rig, token, revision, 'tools/call', params)
    return answer.body
  }

  await suite.test(
    'every kind of block, bytes as base64, in what the revision has; a server that embeds resources has them [S-TL-13, S-TL-14, S-RS-08, S-RS-14, S-LF-02]',
    async (t) => {
      for (const revision of ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26']) {
        const { content } = (await call(revision, 'media')).result
        t.ok(CallToolResultSchema.safeParse({ content }).success, revision)
        const links = revision !== '2025-03-26'
        const lastModified = links ? { lastModified: '2026-01-01T00:00:00Z' } : {}
        t.same(content, [
          { type: 'text', text: 'words', annotations: { audience: ['user'], priority: 1, ...lastModified } },
          { type: 'image', data: BASE64, mimeType: 'image/png' },
          { type: 'audio', data: BASE64, mimeType: 'audio/wav' },
          { type: 'resource', resource: { uri: 'notes://bytes', mimeType: 'image/png', blob: BASE64 } },
          links
            ? { type: 'resource_link', uri: 'notes://bytes', name: 'bytes' }
            : { type: 'text', text: 'bytes: notes://bytes' },
        ])
      }
      t.match((await modern(rig, token, 'server/discover')).body.result.capabilities, { resources: {} })
      t.match(blockOf({ type: 'audio', data: BYTES, mimeType: 'audio/wav' }, '2024-11-05'), {
        type: 'text',
        text: /audio\/wav/,
      })
    },
  )

  await suite.test(
    'tools and resources are listed with what the revision has of them [S-RS-01, S-BP-23, S-LF-07]',
    async (t) => {
      const listed = async (revision: string, method: string) => {
        const answer =
          revision === '2026-07-28' ? await modern(rig, token, method) : await legacy(rig, token, revision, method)
        return answer.body.result
      }
      for (const revision of Object.keys(FEATURES) as Revision[]) {
        if (revision === '2024-11-05') continue
        const features = FEATURES[revision]
        const tool = (await listed(revision, 'tools/list')).tools.find(({ name }: { name: string }) => name === 'media')
        t.same(
          ['title' in tool, 'icons' in tool, 'outputSchema' in tool],
          [features.titles, features.icons, false],
          revision,
        )
        const resource = (await listed(revision, 'resources/list')).resources[0]
        t.same(
          ['title' in resource, 'icons' in resource, resource.size],
          [features.titles, features.icons, 4],
          revision,
        )
      }
      t.same(annotationsOf(undefined, '2026-07-28'), {})
    },
  )

  await suite.test('bytes of a resource are read as base64 [S-RS-03, S-RS-08]', async (t) => {
    const { contents } = (await modern(rig, token, 'resources/read', { uri: 'notes://bytes' })).body.result
    t.same(contents, [{ uri: 'notes://bytes', mimeType: 'image/png', blob: BASE64 }])
  })

  await suite.test(
    'structured content fits its schema, or the call fails; a failure in the tool\u2019s own words needs none [S-TL-06, S-TL-10, S-TL-12, S-LF-07]',
    async (t) => {
      t.match((await call('2026-07-28', 'mixed', { how: 'good' })).result, {
        content: [{ text: 'see' }],
        structuredContent: { n: 1 },
      })
      t.notOk('extra' in (await call('2026-07-28', 'mixed', { how: 'good' })).result.structuredContent)
      t.equal((await call('2026-07-28', 'mixed', { how: 'bad' })).error.code, -32_603)
      const failed = (await call('2026-07-28', 'mixed', { how: 'error' })).result
      t.match(failed, { isError: true, content: [{ text: 'it did not work' }] })
      t.notOk('structuredContent' in failed)
      t.match((await rig.auditEvents()).at(-1), { data: { outcome: 'failed', reason: 'tool.error' } })
    },
  )

  await suite.test(
    'a value that is no object is structured content only where the revision has it [S-LF-07, S-TL-07]',
    async (t) => {
      t.same((await call('2026-07-28', 'free')).result.structuredContent, [1, 2])
      for (const revision of ['2025-11-25', '2025-06-18', '2025-03-26']) {
        const { result } = await call(revision, 'free')
        t.notOk('structuredContent' in result)
        t.same(result.content, [{ type: 'text', text: '[1,2]' }])
      }
    },
  )
})
