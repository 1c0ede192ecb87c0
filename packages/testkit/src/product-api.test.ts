import { test } from 'tap'
import { createProductApi } from './product-api.ts'

test('the product answers who may write, and refuses the others in its own words', async (t) => {
  const calls: unknown[] = []
  const fail = (code: string) => Promise.reject(Object.assign(new Error(`it is ${code}`), { code }))
  const app = createProductApi({
    admit: async (credential) => (credential === 'nobody' ? undefined : { tenant: 'acme', credentialId: credential }),
    judge: ({ credentialId }) => (credentialId === 'reader' ? 'Readers may not write.' : undefined),
    take: async ({ credentialId }) => ({ over: credentialId === 'greedy', headers: { 'x-ratelimit-limit': '600' } }),
    open: (caller) => ({
      createProject: async (given) => {
        calls.push([caller.tenant, given])
        return { id: 'prj_1' }
      },
      updateProject: () => fail('unknown_project'),
      createRelease: () => fail('active_release'),
      updateRelease: () => fail('23505'),
    }),
  })
  t.teardown(() => app.close())
  const ask = async (method: 'POST' | 'PATCH', url: string, payload: object, who: string | undefined = 'writer') => {
    const headers = who === '' ? {} : { authorization: `Bearer ${who}` }
    const answer = await app.inject({ method, url, payload, headers })
    return { status: answer.statusCode, body: answer.json(), headers: answer.headers }
  }
  const made = await ask('POST', '/v1/projects', { name: 'Web' })
  t.match(made, { status: 201, body: { id: 'prj_1' }, headers: { 'x-ratelimit-limit': '600' } })
  t.same(calls, [['acme', { name: 'Web' }]])
  for (const [who, status] of [
    ['', 401],
    ['nobody', 401],
    ['greedy', 429],
    ['reader', 403],
  ] as const) {
    t.equal((await ask('POST', '/v1/projects', { name: 'Web' }, who)).status, status, who)
  }
  for (const wrong of [{}, { name: '' }, { name: 7 }, { name: 'nul \0' }, { name: 'x', extra: 1 }]) {
    t.equal((await ask('POST', '/v1/projects', wrong)).status, 400, JSON.stringify(wrong))
  }
  for (const wrong of [
    { name: '1', status: 'released' },
    { name: '1', targetDate: '31.5.' },
  ]) {
    t.equal((await ask('POST', '/v1/projects/prj_1/releases', wrong)).status, 400, JSON.stringify(wrong))
  }
  t.match(await ask('PATCH', '/v1/projects/x', { name: 'y' }), { status: 404, body: { error: 'unknown_project' } })
  t.match(await ask('POST', '/v1/projects/x/releases', { name: 'y' }), { status: 409 })
  const fault = await ask('PATCH', '/v1/releases/x', { status: 'active' })
  t.match(fault, { status: 500, body: { error: 'internal' } })
  t.notMatch(JSON.stringify(fault.body), '23505')
  t.equal(calls.length, 1)
})
