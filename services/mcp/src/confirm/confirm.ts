import { createHash, randomBytes } from 'node:crypto'
import { type Call, type Claim, form } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Running } from '../calls/deadline.ts'
import { missingCapabilities, readAnswers, wireRequests } from '../calls/input-requests.ts'
import type { Caller } from '../calls/outcome.ts'
import type { Tool } from '../registry/build.ts'

/** What the person said; a tool runs only on `agreed`, or where nothing had to be asked. */
export type Confirmed =
  | { readonly kind: 'not-needed' }
  | { readonly kind: 'agreed'; readonly claim: Claim }
  | { readonly kind: 'refused'; readonly reason: string; readonly text: string }

const agreement = z.object({
  confirm: z.boolean().describe('Yes: do it. No: leave everything as it is.'),
})

/**
 * Asks the person before a tool runs. The agreement is to these very words: its question is named by them, so that what changed since
 * it was asked is asked anew. It is good once; the claim that it gives is taken with the effect.
 * @throws whatever the asker uses to leave the call
 */
export async function confirmCall(
  tool: Pick<Tool, 'name' | 'confirm'>,
  input: unknown,
  context: Call & object,
  { client, revision, asker }: Pick<Caller, 'client' | 'revision' | 'asker'>,
  running: Running,
): Promise<Confirmed> {
  const confirmation = await tool.confirm?.(input, context)
  if (confirmation === undefined) return { kind: 'not-needed' }
  const { message } = confirmation
  const key = `confirm-${createHash('sha256').update(message).digest('hex').slice(0, 16)}`
  const requests = { [key]: form(message, agreement) }
  if (missingCapabilities(requests, client, revision) !== undefined) {
    const text = `${tool.name} needs the agreement of a person, and this client cannot ask one: it does not declare elicitation by form. Nothing was done. Use a client that can, or do it in the product itself.`
    return { kind: 'refused', reason: 'confirmation.impossible', text }
  }
  const check = (asked: string, answer: unknown): void => void readAnswers(requests, { [asked]: answer })
  const resume = running.pause()
  const answers = await asker
    .ask(wireRequests(requests, revision), running.signal, check, { asked: true })
    .finally(resume)
  const answer = readAnswers(requests, answers)[key]
  if (answer?.action !== 'accept' || !answer.content.confirm) {
    return { kind: 'refused', reason: 'confirmation.declined', text: 'The person did not agree. Nothing was done.' }
  }
  return { kind: 'agreed', claim: asker.dialogue ?? claimOfCall(context.now) }
}

const CALL_MS = 3_600_000

/** The agreement to a call that asked while it lasted: nobody can bring it again. */
const claimOfCall = (now: Date): Claim => ({
  id: randomBytes(16).toString('base64url'),
  expiresAt: new Date(now.getTime() + CALL_MS),
})
