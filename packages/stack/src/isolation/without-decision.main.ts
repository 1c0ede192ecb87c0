import { register } from 'node:module'

/** The same house with a decision that allows everything: prints how many probes found that out. */
const STUB = `
const ALLOW = { allow: true }
export const decide = () => ALLOW, decideHost = () => ALLOW, decideRights = () => ALLOW, decideTenant = () => ALLOW`
const HOOK = `
export const load = (url, context, next) => url.includes('/packages/policy/src/decide.ts')
  ? { format: 'module', shortCircuit: true, source: ${JSON.stringify(STUB)} } : next(url, context)`
register(`data:text/javascript,${encodeURIComponent(HOOK)}`)

// After the hook: what is imported statically is there before it.
const { openWorld } = await import('./world.ts')
const { findObjects } = await import('./objects.ts')
const { kindsOf } = await import('./probes.ts')
const { probe } = await import('./run.ts')

const ends: (() => unknown)[] = []
const world = await openWorld({ teardown: (end) => void ends.push(end) }, 'align')
const there = await findObjects(world)
const kinds = (await kindsOf(world, there)).filter(({ name }) => name === 'what is beyond one’s scopes')
const { found } = await probe(world, kinds, { probes: 100, seed: 1 })
process.stdout.write(`found ${found.length}\n`)
for (const end of ends.reverse()) await end()
process.exit(0)
