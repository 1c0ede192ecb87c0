import type { DemoTenant } from '@gatehouse/catalog'
import type { Profile, Sites } from '@gatehouse/profiles'
import type { FastifyInstance } from 'fastify'
import { modernClient } from '../scenarios/clients.ts'
import { hostFetch } from '../scenarios/host-fetch.ts'
import { authorizeInPages } from '../scenarios/person.ts'
import { CALLBACK, type Running } from '../scenarios/running.ts'
import { PageVisitor } from './page-visitor.ts'

/** The headers by which a request says where it goes, and who sends it. */
export interface Credential extends Readonly<Record<string, string>> {
  readonly host: string
  readonly authorization: string
}

/** Somebody who holds a token, a key and a browser session. */
export interface Holder {
  readonly tenant: string
  /** A key with every scope where the profile takes no tokens. */
  readonly token: Credential
  /** The token where the profile takes no keys. */
  readonly key: Credential
  /** Of a key that may only read; absent where there are none. */
  readonly readKey: Credential | undefined
  readonly pages: PageVisitor
}

interface Place extends Running {
  readonly server: FastifyInstance
  readonly sites: Sites
}

/** The owner of a tenant, with all that tools need: whoever may do nothing is refused for that, and not for whose it is. */
export async function holderOf(place: Place, tenant: DemoTenant, keyName: string): Promise<Holder> {
  const { profile, publicUrl, secrets, server, sites } = place
  const person = { email: `owner@${tenant.slug}.test`, password: secrets.demoPassword }
  const site = sites.byHost ? sites.of(tenant.slug) : sites.own
  const { host } = new URL(site.origin)
  const pages = new PageVisitor(server, host)
  await pages.signIn(person.email, person.password)

  const keyWith = async (scopes: readonly string[]): Promise<Credential> => {
    const answer = await server.inject({
      method: 'POST',
      url: `/admin/v1/tenants/${tenant.id}/api-keys`,
      headers: { host: new URL(publicUrl).host, authorization: `Bearer ${secrets.adminToken}` },
      payload: { name: keyName, scopes },
    })
    if (answer.statusCode !== 200) throw new Error(answer.body)
    const named = profile.apiKeyTenantHeader ? { 'x-tenant': tenant.slug } : {}
    return { host, authorization: `Bearer ${answer.json().key}`, ...named }
  }
  const tokenWith = async (scopes: readonly string[]): Promise<Credential> => {
    const client = modernClient(site.resource, CALLBACK, undefined, hostFetch)
    const asked = await client.connectAsStranger()
    asked.searchParams.set('scope', scopes.join(' '))
    await client.connect(await authorizeInPages(asked, CALLBACK, person, 'approve', hostFetch))
    await client.close()
    return { host, authorization: `Bearer ${client.provider.held().accessToken}` }
  }

  const { every, ofToken, ofKey, ofReadKey } = scopesOf(profile)
  const takes = (credential: Profile['credentials'][number]) => profile.credentials.includes(credential)
  const token = takes('oauth') ? await tokenWith(ofToken) : await keyWith(every)
  return {
    tenant: tenant.id,
    token,
    key: takes('api-key') ? await keyWith(ofKey) : token,
    readKey: takes('api-key') ? await keyWith(ofReadKey) : undefined,
    pages,
  }
}

function scopesOf({ scopes, defaultScopes, apiKeyGrants }: Profile) {
  const every = scopes.map(({ name }) => name)
  const [read = ''] = defaultScopes
  if (apiKeyGrants.length === 0) return { every, ofToken: every, ofKey: defaultScopes, ofReadKey: [read] }
  // Such a key has a scope that lets it in, and narrowing ones for what it may do there.
  const ofToken = every.filter((name) => !apiKeyGrants.includes(name))
  const narrowing = scopes.flatMap(({ name, narrowing }) => (narrowing ? [name] : []))
  return { every, ofToken, ofKey: narrowing, ofReadKey: [...apiKeyGrants, ...narrowing.slice(0, 1)] }
}
