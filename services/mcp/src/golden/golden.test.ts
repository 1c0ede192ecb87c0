import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { catalog, ListChanged, ResourceTouched } from '@gatehouse/catalog-conformance'
import { type EventKind, sealEvent } from '@gatehouse/contracts'
import { loadProfile, type Profile } from '@gatehouse/profiles'
import { test } from 'tap'
import type { z } from 'zod'
import { ORIGIN, openParts, openRig, RESOURCE, SSE_RESOURCE } from '../testing/rig.ts'
import { httpSseScript } from './http-sse.ts'
import { legacyScript } from './legacy.ts'
import { modernScript } from './modern.ts'
import { type Beside, createScript, type Script } from './script.ts'

const FOLDER = new URL('../../golden/', import.meta.url)

const SCRIPTS: Readonly<Record<string, (script: Script, beside: Beside) => Promise<void>>> = {
  '2026-07-28': modernScript,
  '2025-11-25': (script, beside) => legacyScript(script, '2025-11-25', beside),
  '2025-06-18': (script, beside) => legacyScript(script, '2025-06-18', beside),
  '2025-03-26': (script, beside) => legacyScript(script, '2025-03-26', beside),
  '2024-11-05': httpSseScript,
}

const parts = await openParts()
const profile = loadProfile('conformance')
const open = async (over: Partial<Profile> = {}) => {
  const rig = await openRig(parts, {
    profile: { ...profile, ...over },
    catalogs: [{ catalog, domain: () => ({ transact: () => Promise.reject(new Error('nothing is stored here')) }) }],
    // No comment between two messages, however slow the machine is.
    limits: { keepAliveMs: 600_000 },
  })
  await rig.server.listen({ host: '127.0.0.1', port: 0 })
  return { rig, port: (rig.server.server.address() as AddressInfo).port }
}
const { rig, port } = await open()
const limited = await open({ limits: { requestsPerMinute: 1 } })

const publish = <D>(kind: EventKind<string, z.ZodType<D>>, data: D): Promise<unknown> => {
  const event = sealEvent(kind, { source: '/catalogs/conformance', tenant: 'acme', now: new Date() }, data)
  return rig.bus.publish({ subject: `domain.acme.${kind.name}`, id: event.id, data: JSON.stringify(event) })
}
const beside: Beside = {
  touch: (path) => publish(ResourceTouched, { path }),
  changeList: (list) => publish(ListChanged, { list }),
  tokenOf: (tenant) => rig.token({ tenant_id: tenant, scope: 'conformance:use' }),
  limitedPort: limited.port,
}

for (const [revision, run] of Object.entries(SCRIPTS)) {
  test(`what goes over the wire in ${revision} is what is kept; \`UPDATE=1\` writes it`, async (t) => {
    const aud = run === httpSseScript ? SSE_RESOURCE : RESOURCE
    const token = await rig.token({ aud, scope: 'conformance:use' })
    const script = createScript(port, token, new URL(ORIGIN).host)
    await run(script, beside)
    const folder = new URL(`${revision}/`, FOLDER)
    if (process.env.UPDATE === '1') {
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder, { recursive: true })
      for (const [file, blocks] of script.files) writeFileSync(new URL(`${file}.http`, folder), blocks.join('\n'))
    }
    for (const [file, blocks] of script.files) {
      const kept = new URL(`${file}.http`, folder)
      t.equal(blocks.join('\n'), existsSync(kept) ? readFileSync(kept, 'utf8') : '', file)
    }
    t.same(readdirSync(folder).sort(), [...script.files.keys()].map((file) => `${file}.http`).sort())
  })
}

test('the node and its parts end', async () => {
  await Promise.all([rig.close(), limited.rig.close()])
  await parts.close()
})
