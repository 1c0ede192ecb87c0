import type { Clock } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'
import { makeKey } from './api-keys/api-keys.ts'
import { appendTenantState } from './feed/append.ts'
import { createPasswords } from './people/passwords.ts'
import {
  membership_upsert,
  type Person,
  person_get_by_email,
  person_insert,
  person_update_password,
} from './people/people.store.ts'
import { newId } from './secrets.ts'
import { type Tenant, tenant_get_by_slug, tenant_insert } from './tenants/tenants.store.ts'

/** A tenant of the demo with its people: what catalogs need for data of their own. */
export interface DemoTenant {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly people: readonly {
    readonly id: string
    readonly email: string
    readonly name: string
    readonly role: string
  }[]
}

export interface DemoDeps {
  readonly profile: Profile
  readonly db: Database
  readonly clock: Clock
  readonly password: string
  /** The whole key, prefix included: belongs to acme, with every scope of the profile. */
  readonly apiKey: string
}

const CONSULTANT = { email: 'consultant@example.test', name: 'Noor Haddad', role: 'member' }
const TENANTS = [
  {
    tenant: { slug: 'acme', name: 'Acme Industries', plan: 'business', mcp: true },
    people: [
      { email: 'owner@acme.test', name: 'Olivia Owens', role: 'owner' },
      { email: 'admin@acme.test', name: 'Adrian Malik', role: 'admin' },
      { email: 'member@acme.test', name: 'Mei Tanaka', role: 'member' },
      { email: 'viewer@acme.test', name: 'Victor Lindqvist', role: 'viewer' },
      CONSULTANT,
    ],
  },
  {
    tenant: { slug: 'globex', name: 'Globex Corporation', plan: 'business', mcp: true },
    people: [
      { email: 'owner@globex.test', name: 'Tomás Herrera', role: 'owner' },
      { email: 'admin@globex.test', name: 'Ingrid Solberg', role: 'admin' },
      { email: 'member@globex.test', name: 'Kwame Boateng', role: 'member' },
      { email: 'viewer@globex.test', name: 'Priya Raman', role: 'viewer' },
      CONSULTANT,
    ],
  },
  {
    tenant: { slug: 'initech', name: 'Initech', plan: 'free', mcp: false },
    people: [
      { email: 'owner@initech.test', name: 'Helen Marsh', role: 'owner' },
      { email: 'admin@initech.test', name: 'Bogdan Ilić', role: 'admin' },
      { email: 'member@initech.test', name: 'Samira Aziz', role: 'member' },
      { email: 'viewer@initech.test', name: 'Peter Novak', role: 'viewer' },
    ],
  },
] as const

/**
 * Makes the demo's tenants, people and API key where they are missing, and gives every demo account this password. A second call with the
 * same password changes nothing.
 */
export async function seedDemo(deps: DemoDeps): Promise<DemoTenant[]> {
  const { db, profile, clock, password, apiKey } = deps
  const hash = await passwordHash(db, password)
  return db.asPlatform('demo', async (tx) => {
    const made: DemoTenant[] = []
    for (const { tenant, people } of TENANTS) {
      const { id, slug, name } = await ensureTenant(tx, tenant)
      const members = []
      for (const { role, ...person } of people) {
        const known = await ensurePerson(tx, person, hash)
        await membership_upsert(tx, { personId: known.id, tenantId: id, role })
        members.push({ id: known.id, email: known.email, name: known.name, role })
      }
      made.push({ id, slug, name, people: members })
    }
    await makeKey(tx, {
      tenantId: made[0]?.id ?? '',
      name: 'Demo',
      prefix: profile.apiKeyPrefix,
      scopes: [...new Set([...profile.apiKeyGrants.slice(0, 1), ...profile.scopes.map((scope) => scope.name)])],
      expiresAt: null,
      now: new Date(clock.now()),
      key: apiKey,
    })
    return made
  })
}

/** One hash for all accounts of the demo; the one that is stored already if it is of this password. */
async function passwordHash(db: Database, password: string): Promise<string> {
  const passwords = createPasswords()
  const first = await db.asPlatform('demo', (tx) => person_get_by_email(tx, TENANTS[0].people[0].email))
  const stored = first?.passwordHash ?? undefined
  if (stored !== undefined && (await passwords.verify(stored, password))) return stored
  return passwords.hash(password)
}

async function ensureTenant(tx: Tx, tenant: Omit<Tenant, 'id' | 'status'>): Promise<Tenant> {
  const made = await tenant_insert(tx, { ...tenant, id: newId('tenant'), status: 'active' })
  if (made !== undefined) {
    await appendTenantState(tx, made)
    return made
  }
  const known = await tenant_get_by_slug(tx, tenant.slug)
  if (known === undefined) throw new Error(`tenant ${tenant.slug} was neither made nor found`)
  return known
}

async function ensurePerson(tx: Tx, person: Omit<Person, 'id'>, passwordHash: string): Promise<Person> {
  const known = await person_get_by_email(tx, person.email)
  if (known === undefined) {
    const made = { ...person, id: newId('person'), passwordHash }
    await person_insert(tx, made)
    return made
  }
  if (known.passwordHash !== passwordHash) await person_update_password(tx, known.id, passwordHash)
  return known
}
