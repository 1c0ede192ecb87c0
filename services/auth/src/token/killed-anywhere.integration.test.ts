import { randomInt } from 'node:crypto'
import { sql } from '@gatehouse/database'
import { type Test, test } from 'tap'
import { askAt, type Doomed, openPlace, type Place, type Tokens } from '../testing/doomed.ts'
import { refreshForm, token } from '../testing/house.ts'

/** Nodes that are killed. The proof kills more. */
const KILLS = Number(process.env.GATEHOUSE_KILLS ?? 4)
/** Exchanges, and as many refreshes, that are on their way in a node when it is killed, each at a point of its own. */
const FLOWS = 16
/** Nodes that start at the same time. */
const SIDE_BY_SIDE = 2

interface Flow {
  readonly kind: 'exchange' | 'refresh'
  readonly grant: string
  readonly form: Record<string, string>
}

/** What the database has of a grant. */
interface Standing {
  readonly grant: string
  readonly spent: boolean
  readonly used: number
  readonly tokens: number
  readonly newest: number
  readonly living: boolean
}

async function flowsOf(place: Place): Promise<readonly Flow[]> {
  const flows: Flow[] = []
  for (let count = 0; count < FLOWS; count += 1) {
    flows.push({ kind: 'exchange', ...(await place.code()) })
    const { form, grant } = await place.code()
    const { refresh_token } = (await token(place.house, form)).json()
    flows.push({ kind: 'refresh', grant, form: refreshForm(place.client, refresh_token) })
  }
  return flows
}

/** With every grant held, so that no transaction of the dead is open any more. */
const standingOf = (place: Place, flows: readonly Flow[]): Promise<readonly Standing[]> =>
  place.house.db.asPlatform('test', async (tx) => {
    const grants = flows.map(({ grant }) => grant)
    await tx.run(sql`select from auth.grants where id = any(${grants}) order by id for update`)
    return tx.rows<Standing>(sql`
      select g.id as "grant", g.ended_at is null as living,
        exists (select from auth.codes c where c.grant_id = g.id and c.consumed_at is not null) as spent,
        count(r.hash) filter (where r.used_at is not null)::int as used, count(r.hash)::int as tokens,
        coalesce(max(r.generation), -1) as newest
      from auth.grants g left join auth.refresh_tokens r on r.grant_id = g.id
      where g.id = any(${grants}) group by g.id`)
  })

/** Nothing of it, or all of it. */
function isWhole({ kind }: Flow, { spent, used, tokens, newest }: Standing): boolean {
  const members = newest + 1 === tokens && used === Math.max(0, tokens - 1)
  return members && (kind === 'exchange' ? tokens === (spent ? 1 : 0) : spent && (tokens === 1 || tokens === 2))
}

/** Sends everything at once and kills the node when so many answers have come. @returns the answers that came */
async function kill(t: Test, { process, origin }: Doomed, flows: readonly Flow[]) {
  const after = randomInt(0, flows.length - 1)
  let came = 0
  const answers = await Promise.all(
    flows.map(async ({ form }) => {
      const answer = await askAt(origin, form)
      if (answer !== undefined) came += 1
      if (came > after) process.kill('SIGKILL')
      return answer
    }),
  )
  await process.ended
  t.comment(`killed after ${after} answers; ${answers.filter((one) => one === undefined).length} were lost`)
  return answers
}

/** The client goes on at another node with what it has. @returns how it went on */
async function goOn(t: Test, place: Place, flow: Flow, answer: Tokens | undefined, before: Standing, strict: boolean) {
  const refreshed = async (of: string) => (await token(place.house, refreshForm(place.client, of))).statusCode
  const name = `${flow.kind} of ${flow.grant}, ${JSON.stringify(before)}`
  if (answer !== undefined) {
    t.equal(await refreshed(answer.refresh_token), 200, name)
    return 'answered'
  }
  const again = await token(place.house, flow.form)
  if (again.statusCode === 200) {
    t.equal(await refreshed(again.json().refresh_token), 200, name)
    if (flow.kind === 'exchange') t.notOk(before.spent, name)
    return 'again'
  }
  t.match(again.json(), { error: 'invalid_grant' }, name)
  t.ok(flow.kind === 'exchange' || strict, `${name}: inside the window a refresh is repeated`)
  const [after] = await standingOf(place, [flow])
  t.match(after, { living: false }, `${name}: what nobody was told of is dead`)
  return 'over'
}

for (const [rule, seconds] of [
  ['with a retry window', 120],
  ['under the strict rule', 0],
] as const) {
  test(`a node that is killed at any point, ${rule}, leaves each exchange and refresh undone or done, one family, and a client that goes on [A-AC-02, A-RF-04]`, async (t) => {
    const place = await openPlace(t, seconds)
    const ways = new Map<string, number>()
    for (let killed = 0; killed < KILLS / 2; killed += SIDE_BY_SIDE) {
      const nodes = await Promise.all(Array.from({ length: SIDE_BY_SIDE }, () => place.doomed()))
      for (const node of nodes) {
        const flows = await flowsOf(place)
        const answers = await kill(t, node, flows)
        const standings = new Map((await standingOf(place, flows)).map((one) => [one.grant, one]))
        for (const [at, flow] of flows.entries()) {
          const before = standings.get(flow.grant)
          if (before === undefined) throw new Error(`${flow.grant} is gone`)
          t.ok(isWhole(flow, before) && before.living, `${flow.kind}: ${JSON.stringify(before)}`)
          const way = await goOn(t, place, flow, answers[at], before, seconds === 0)
          ways.set(`${flow.kind} ${way}`, (ways.get(`${flow.kind} ${way}`) ?? 0) + 1)
        }
        for (const one of await standingOf(place, flows)) t.ok(one.tokens <= 4 && one.spent, JSON.stringify(one))
      }
    }
    t.comment(JSON.stringify(Object.fromEntries(ways)))
    t.ok(
      [...ways.keys()].some((way) => !way.endsWith('answered')),
      'some were on their way',
    )
  })
}
