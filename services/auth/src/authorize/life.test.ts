import { sql } from '@gatehouse/database'
import { test } from 'tap'
import {
  authorizeUrl,
  exchangeForm,
  formOf,
  type House,
  newVerifier,
  openHouse,
  PASSWORD,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

type State = 'requested' | 'identified' | 'coded' | 'exchanged' | 'refused' | 'expired' | 'revoked'
type Event = 'logged in' | 'approved' | 'denied' | 'exchange' | 'failed exchange' | 'time out'

/** The table of README.md: what each event makes of each state; what is not named changes nothing. */
const TABLE: Readonly<Record<State, Partial<Record<Event, State>>>> = {
  requested: { 'logged in': 'identified', denied: 'refused', 'time out': 'expired' },
  identified: { 'logged in': 'identified', approved: 'coded', denied: 'refused', 'time out': 'expired' },
  coded: { exchange: 'exchanged', 'failed exchange': 'coded', 'time out': 'expired' },
  exchanged: { exchange: 'revoked', 'failed exchange': 'exchanged' },
  refused: {},
  expired: {},
  revoked: {},
}
const EVENTS: readonly Event[] = ['logged in', 'approved', 'denied', 'exchange', 'failed exchange', 'time out']
const PATHS: Readonly<Record<State, readonly Event[]>> = {
  requested: [],
  identified: ['logged in'],
  coded: ['logged in', 'approved'],
  exchanged: ['logged in', 'approved', 'exchange'],
  refused: ['denied'],
  expired: ['time out'],
  revoked: ['logged in', 'approved', 'exchange', 'exchange'],
}

/** One authorization in the hands of one person and one client. */
class Authorization {
  readonly #house: House
  readonly #client: string
  readonly #verifier = newVerifier()
  readonly #visitor: Visitor
  #transaction = ''
  #code = 'none yet'

  constructor(house: House, client: string) {
    this.#house = house
    this.#client = client
    this.#visitor = new Visitor(house)
  }

  async begin(): Promise<this> {
    const page = await this.#visitor.get(authorizeUrl(this.#client, this.#verifier, { prompt: 'consent' }))
    this.#transaction = formOf(page.body).hidden.transaction ?? ''
    return this
  }

  async happen(event: Event): Promise<void> {
    const exchange = (verifier: string) => token(this.#house, exchangeForm(this.#client, this.#code, verifier))
    const act: Record<Event, () => Promise<unknown>> = {
      'logged in': async () => {
        const csrf = await this.#csrf()
        const form = { email: 'member@acme.test', password: PASSWORD, transaction: this.#transaction, csrf }
        await this.#visitor.post('/sign-in', form)
      },
      approved: () => this.#decide('approve'),
      denied: () => this.#decide('deny'),
      exchange: () => exchange(this.#verifier),
      'failed exchange': () => exchange(newVerifier()),
      'time out': async () => this.#house.clock.forward(16 * 60_000),
    }
    await act[event]()
  }

  async state(): Promise<State> {
    const now = new Date(this.#house.clock.now())
    const row = await this.#house.db.asPlatform('test', (tx) =>
      tx.one<{ phase: State; late: boolean; consumed: boolean; codeLate: boolean; ended: boolean }>(sql`
        select r.phase, r.expires_at <= ${now} as late, c.consumed_at is not null as consumed,
          c.expires_at <= ${now} as "codeLate", g.ended_at is not null as ended
        from auth.requests r left join auth.codes c on c.challenge = r.challenge left join auth.grants g on g.id = c.grant_id
        where r.id = ${this.#transaction}`),
    )
    if (row.phase === 'coded') {
      if (row.ended) return 'revoked'
      if (row.consumed) return 'exchanged'
      return row.codeLate ? 'expired' : 'coded'
    }
    return row.phase !== 'refused' && row.late ? 'expired' : row.phase
  }

  async #decide(decision: 'approve' | 'deny'): Promise<void> {
    const form = { decision, transaction: this.#transaction, csrf: await this.#csrf() }
    const answer = await this.#visitor.post('/oauth/authorize', form)
    const location = String(answer.headers.location ?? '')
    if (location.includes('code=')) this.#code = new URL(location).searchParams.get('code') ?? ''
  }

  /** Of whatever page this browser gets; the token belongs to the browser. */
  async #csrf(): Promise<string> {
    const page = await this.#visitor.get(authorizeUrl(this.#client, newVerifier(), { prompt: 'consent' }))
    return formOf(page.body).hidden.csrf ?? ''
  }
}

test("every cell of the table of an authorization's life [A-AC-02, A-AC-03, A-AZ-06]", async (t) => {
  const house = await openHouse(t)
  const { client_id: client } = await registerClient(house)
  for (const [state, row] of Object.entries(TABLE) as [State, Partial<Record<Event, State>>][]) {
    for (const event of EVENTS) {
      const authorization = await new Authorization(house, client).begin()
      for (const step of PATHS[state]) await authorization.happen(step)
      t.equal(await authorization.state(), state, `${state} is reached`)
      await authorization.happen(event)
      t.equal(await authorization.state(), row[event] ?? state, `${state}: ${event}`)
    }
  }
})
