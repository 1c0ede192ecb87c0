import { isSqlError } from './errors.ts'
import type { Schema } from './port.ts'
import type { Session } from './session.ts'
import { quoteIdentifier } from './sql.ts'

const ATTEMPTS = 20
/** Doubles and "tuple concurrently updated": roles belong to the whole server, whose other databases may be starting too. */
const RACES = new Set(['23505', '42710', 'XX000'])

/** Creates the role if it is missing, and lets the owner and the login take it on. @throws when it could pass row-level security */
export async function prepareRole(session: Session, role: string, login: string | undefined): Promise<void> {
  for (let left = ATTEMPTS; ; left -= 1) {
    try {
      await session.script(roleScript(role, login))
      break
    } catch (error) {
      if (left === 0 || !isSqlError(error) || !RACES.has(error.code)) throw error
    }
  }
  const { rows } = await session.query('select rolsuper or rolbypassrls as free from pg_roles where rolname = $1', [
    role,
  ])
  if (rows[0]?.free !== false)
    throw new Error(`role ${role} can pass row-level security: take SUPERUSER and BYPASSRLS away`)
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

function roleScript(role: string, login: string | undefined): string {
  const name = quoteIdentifier(role)
  const takeOn = (who: string) => `
    if not pg_has_role(${who}, ${literal(role)}, needed) then
      execute format('grant %I to %I', ${literal(role)}, ${who});
    end if;`
  // From PostgreSQL 16 on, membership alone (which the creator has) does not let SET ROLE pass.
  return `do $roles$
    declare needed text := case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end;
    begin
      if not exists (select from pg_roles where rolname = ${literal(role)}) then
        create role ${name} nologin nosuperuser nobypassrls nocreatedb nocreaterole;
      end if;
      ${takeOn('current_user::text')}
      ${login === undefined ? '' : takeOn(literal(login))}
    end $roles$`
}

/**
 * What a role may do in its own schema, and what nobody may do in the database. An owner that does not own the database
 * or `public` leaves those as they are; the contract's cases tell.
 */
export function grantSchema(schema: Schema): string {
  const name = quoteIdentifier(schema.name)
  const role = quoteIdentifier(schema.role)
  return `
    grant usage on schema ${name} to ${role};
    grant select on ${name}.migrations to ${role};
    alter default privileges in schema ${name} grant select, insert, update, delete on tables to ${role};
    alter default privileges in schema ${name} grant usage, select on sequences to ${role};
    do $public$ begin
      revoke create on schema public from public;
      execute format('revoke temporary on database %I from public', current_database());
    exception when insufficient_privilege then
      raise notice 'the rights of PUBLIC are left as they are: not the owner';
    end $public$`
}
