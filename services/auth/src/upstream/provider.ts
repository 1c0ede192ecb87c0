import { secret } from '@gatehouse/config'
import type { JWK } from 'jose'
import { z } from 'zod'

/** How we prove ourselves at a provider. */
export type Proof =
  | { readonly method: 'client_secret_basic' | 'client_secret_post'; readonly secret: string }
  | { readonly method: 'private_key_jwt'; readonly key: JWK }

/** An OpenID provider that vouches for people. */
export interface Provider {
  /** Part of the callback's path. */
  readonly id: string
  /** On the button. */
  readonly label: string
  /** To the character, as its tokens name it. */
  readonly issuer: string
  readonly clientId: string
  readonly proof: Proof
  readonly scopes: readonly string[]
  /** Lower-case email domains of which a verified address proves the account here that has it. */
  readonly authoritativeDomains: readonly string[]
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

const issuer = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .refine((text) => !/[?#]/.test(text), 'must have neither query nor fragment')
  .refine((text) => text.startsWith('https:') || isLoopback(text), 'must be https')

/** Whether plain http may be used: it never leaves the machine. */
export const isLoopback = (text: string): boolean => URL.canParse(text) && LOOPBACK.has(new URL(text).hostname)

export const providerId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits and hyphens')
  .refine((id) => id !== 'link', 'is taken')

/** A domain as it stands behind the `@`, in lower case. */
export const emailDomain = z
  .string()
  .max(253)
  .transform((text) => text.toLowerCase())
  .pipe(z.string().regex(/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'must be a domain'))

const privateKey = z
  .looseObject({ kty: z.enum(['EC', 'RSA', 'OKP']), alg: z.string(), d: z.string(), kid: z.string().optional() })
  .transform((jwk) => jwk as JWK)

/** A provider as an operator writes it down. */
export const providerFields = {
  id: providerId.describe('Part of the callback: `/sign-in/<id>/callback`, which is registered there.'),
  label: z
    .string()
    .min(1)
    .max(60)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u)
    .describe('On the button, as “Sign in with …”.'),
  issuer: issuer.describe('Issuer identifier of the provider, exactly; its discovery document is below it.'),
  clientId: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u)
    .describe('What we are called there.'),
  clientSecret: z.string().min(1).max(2_000).optional().describe('How we prove ourselves; or `privateKey`.'),
  authMethod: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .optional()
    .describe('How the secret is sent; client_secret_basic when absent.'),
  privateKey: privateKey.optional().describe('Private JWK with `alg`, for private_key_jwt.'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/))
    .max(20)
    .default(['openid', 'email', 'profile'])
    .refine((scopes) => scopes.includes('openid'), 'must hold openid'),
  authoritativeDomains: z
    .array(emailDomain)
    .max(200)
    .default([])
    .describe('Email domains of which a verified address there proves the account here that has it.'),
}

type Fields = z.output<z.ZodObject<typeof providerFields>>

/** The one proof of the two that may be given; `undefined` for none or both. */
export function proofOf({
  clientSecret,
  authMethod,
  privateKey,
}: Pick<Fields, 'clientSecret' | 'authMethod' | 'privateKey'>) {
  if ((clientSecret === undefined) === (privateKey === undefined)) return undefined
  if (privateKey !== undefined) return { method: 'private_key_jwt', key: privateKey } satisfies Proof
  return { method: authMethod ?? 'client_secret_basic', secret: clientSecret ?? '' } satisfies Proof
}

export const ONE_PROOF = 'one of clientSecret and privateKey is needed'

const configured = z
  .strictObject(providerFields)
  .transform(({ clientSecret, authMethod, privateKey, ...rest }, context) => {
    const proof = proofOf({ clientSecret, authMethod, privateKey })
    if (proof === undefined) {
      context.addIssue(ONE_PROOF)
      return z.NEVER
    }
    return { ...rest, proof } satisfies Provider
  })

/** A JSON list of providers in the environment; secret as a whole, since it holds secrets. */
export const configuredProviders = () =>
  secret()
    .optional()
    .transform((text, context): readonly Provider[] => {
      if (text === undefined) return []
      const parsed = z.array(configured).safeParse(jsonOf(text.reveal()))
      if (parsed.success) return parsed.data
      const [issue] = parsed.error.issues
      context.addIssue(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'is not valid'}`)
      return z.NEVER
    })

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
