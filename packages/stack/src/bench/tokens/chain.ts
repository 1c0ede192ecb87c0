import { Agent, request } from 'node:http'
import type { Measured } from '../rounds.ts'
import { summarize } from '../rounds.ts'

/** Requests of one caller after the other: the next one is made from the answer to the last. */
export interface Chain {
  readonly url: string
  /** Of the server that answers; see `BenchServer`. */
  processorSeconds(): number | undefined
  /** One for each caller. */
  readonly forms: Readonly<Record<string, string>>[]
  /** The members of the next form that come from an answer. */
  next(answer: Readonly<Record<string, unknown>>): Readonly<Record<string, string>>
}

export interface MeasuredChain extends Measured {
  /** Processor time that the server spends on one request, in microseconds; the median of the rounds. */
  readonly processorMicros: number | undefined
}

interface Round {
  readonly perSecond: number
  readonly processorMicros: number | undefined
}

/** Requests per second while every caller waits for its answer before it asks again. @throws for any answer but 200 */
async function measureChain(chain: Chain, seconds: number): Promise<Round> {
  const spent = chain.processorSeconds()
  const agent = new Agent({ keepAlive: true, maxSockets: chain.forms.length })
  const until = performance.now() + seconds * 1_000
  const began = performance.now()
  let answered = 0
  await Promise.all(
    chain.forms.map(async (_form, caller) => {
      while (performance.now() < until) {
        const answer = await post(agent, chain.url, chain.forms[caller] ?? {})
        chain.forms[caller] = { ...chain.forms[caller], ...chain.next(answer) }
        answered += 1
      }
    }),
  )
  agent.destroy()
  const perSecond = answered / ((performance.now() - began) / 1_000)
  const now = chain.processorSeconds()
  const processorMicros = spent === undefined || now === undefined ? undefined : ((now - spent) / answered) * 1e6
  return { perSecond, processorMicros }
}

/** The chains in turn, so that what disturbs the machine disturbs them all alike. */
export async function measureChains(
  chains: readonly Chain[],
  options: { readonly rounds: number; readonly seconds: number },
): Promise<readonly MeasuredChain[]> {
  const results: Round[][] = chains.map(() => [])
  for (const chain of chains) await measureChain(chain, 1)
  for (let round = 0; round < options.rounds; round += 1) {
    for (const [at, chain] of chains.entries()) results[at]?.push(await measureChain(chain, options.seconds))
  }
  return results.map((rounds) => {
    const micros = rounds.flatMap(({ processorMicros }) => (processorMicros === undefined ? [] : [processorMicros]))
    return {
      ...summarize(rounds.map(({ perSecond }) => perSecond)),
      processorMicros: micros.length === 0 ? undefined : summarize(micros).median,
    }
  })
}

function post(agent: Agent, url: string, form: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const body = new URLSearchParams(form).toString()
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
        },
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => {
          text += chunk
        })
        answer.on('error', reject)
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(JSON.parse(text))
          else reject(new Error(`${url}: ${answer.statusCode} ${text}`))
        })
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}
