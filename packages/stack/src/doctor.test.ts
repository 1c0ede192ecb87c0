import { PAGE_ACTIONS } from '@gatehouse/auth'
import { run } from '@gatehouse/cli'
import { type Test, test } from 'tap'
import { type HouseOfTest, type Running, runningHouse } from './scenarios/running.ts'

/** `gatehouse …` at an installation. */
async function gatehouse({ publicUrl, secrets }: Running, args: readonly string[], url = publicUrl) {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await run([...args, '--url', url], {
    env: { GATEHOUSE_ADMIN_TOKEN: secrets.adminToken },
    fetch: globalThis.fetch,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

const running = (t: Test, of: HouseOfTest = {}) => runningHouse(t, { embedded: true, ...of })

test('gatehouse doctor, at a running installation', async (t) => {
  let offset = 0
  const house = await running(t, { production: true, clock: { now: () => Date.now() + offset } })

  await t.test('names embedded drivers in production', async (t) => {
    const { code, out, err } = await gatehouse(house, ['doctor'])
    t.equal(code, 1)
    for (const part of ['database', 'redis', 'nats']) t.match(out, `fault: embedded ${part} in production`)
    t.match(out, 'note: letters are not sent')
    t.match(err, '3 things are wrong')
  })

  await t.test('names a wrong issuer', async (t) => {
    const elsewhere = house.publicUrl.replace('localhost', '[::1]')
    const other = await gatehouse(house, ['doctor'], await reachable(elsewhere, house.publicUrl))
    t.equal(other.code, 1)
    t.match(other.out, `says that it is ${house.publicUrl}; set PUBLIC_URL`)
  })

  await t.test('names a clock that is off by a minute', async (t) => {
    offset = 60_000
    const { code, out } = await gatehouse(house, ['doctor'])
    t.equal(code, 1)
    t.match(out, /the clock of auth is (59|60|61) s ahead/)
    offset = 0
  })

  await t.test('names a backend that is away', async (t) => {
    await house.parts.kv.close()
    const { code, out } = await gatehouse(house, ['doctor', '--json'])
    t.equal(code, 1)
    t.match(JSON.parse(out).findings, [{ kind: 'fault', what: 'auth does not reach its redis' }])
    await house.server.close()
    const gone = await gatehouse(house, ['doctor'])
    for (const name of ['auth', 'mcp', 'audit']) t.match(gone.out, `fault: ${name} does not answer`)
  })
})

test('gatehouse doctor finds nothing wrong with a laptop', async (t) => {
  const house = await running(t)
  const { code, out } = await gatehouse(house, ['doctor'])
  t.match(out, 'Nothing is wrong')
  t.equal(code, 0)
})

test('what people do on pages, operators do on the command line', async (t) => {
  for (const { form, command } of PAGE_ACTIONS) {
    if (command === undefined) continue
    const [out, err]: [string[], string[]] = [[], []]
    const io = {
      env: {},
      fetch: globalThis.fetch,
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
    }
    t.equal(await run([...command.split(' '), '--help'], io), 0, `${form}: ${command}`)
    t.match(out.join('\n'), `Usage: gatehouse ${command}`, form)
  }
})

/** The server listens on one of the addresses of localhost. */
async function reachable(...urls: readonly string[]): Promise<string> {
  for (const url of [urls[0] ?? '', (urls[1] ?? '').replace('localhost', '127.0.0.1')]) {
    if (await fetch(url, { redirect: 'manual' }).catch(() => undefined)) return url
  }
  throw new Error('the server has no other address')
}
