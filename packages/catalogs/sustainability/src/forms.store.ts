import { json, sql, type Tx } from '@gatehouse/database'
import type { ElementKind, FormStatus } from './vocabulary.ts'
import { every, when } from './where.ts'

export interface FormRow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly status: FormStatus
  readonly updated_at: Date
}

export interface ElementRow {
  readonly id: string
  readonly position: number
  readonly label: string
  readonly kind: ElementKind
  readonly unit: string | null
  readonly required: boolean
  readonly options: readonly string[]
}

const columns = sql`id, name, description, status, updated_at`

/** Latest change first. */
export function listForms(
  tx: Tx,
  of: {
    readonly status?: FormStatus | undefined
    readonly like?: string | undefined
    readonly after?: readonly [string, string] | undefined
    readonly atMost: number
  },
): Promise<FormRow[]> {
  return tx.rows<FormRow>(sql`
    select ${columns} from sustainability.forms
    where ${every(
      when(of.status, (status) => sql`status = ${status}`),
      when(of.like, (like) => sql`position(lower(${like}) in lower(name)) > 0`),
      when(of.after, ([at, id]) => sql`updated_at <= ${at} and (updated_at < ${at} or id > ${id})`),
    )}
    order by updated_at desc, id limit ${of.atMost}`)
}

export function findForm(tx: Tx, id: string): Promise<FormRow | undefined> {
  return tx.maybe<FormRow>(sql`select ${columns} from sustainability.forms where id = ${id}`)
}

export function insertForm(
  tx: Tx,
  form: {
    readonly id: string
    readonly name: string
    readonly description: string
    readonly status: FormStatus
    readonly by: string
  },
  now: Date,
): Promise<FormRow> {
  return tx.one<FormRow>(sql`
    insert into sustainability.forms (id, name, description, status, created_by, created_at, updated_at)
    values (${form.id}, ${form.name}, ${form.description}, ${form.status}, ${form.by}, ${now}, ${now})
    returning ${columns}`)
}

/** Holds the form until the transaction ends, so that its elements are changed by one at a time. */
export function updateForm(
  tx: Tx,
  id: string,
  to: {
    readonly name?: string | undefined
    readonly description?: string | undefined
    readonly status?: FormStatus | undefined
  },
  now: Date,
): Promise<FormRow | undefined> {
  return tx.maybe<FormRow>(sql`
    update sustainability.forms
    set name = coalesce(${to.name ?? null}, name), description = coalesce(${to.description ?? null}, description),
      status = coalesce(${to.status ?? null}, status), updated_at = greatest(updated_at, ${now})
    where id = ${id} returning ${columns}`)
}

/** Those of the form as it is now, in their order. */
export function listElements(tx: Tx, formId: string): Promise<ElementRow[]> {
  return tx.rows<ElementRow>(sql`
    select id, position, label, kind, unit, required, options from sustainability.form_elements
    where form_id = ${formId} and retired_at is null order by position, id`)
}

export function insertElements(tx: Tx, formId: string, elements: readonly ElementRow[]): Promise<number> {
  return tx.run(sql`
    insert into sustainability.form_elements (form_id, id, position, label, kind, unit, required, options)
    select ${formId}, id, position, label, kind, unit, required, options
    from jsonb_to_recordset(${json(elements)}::jsonb)
      as r (id text, position integer, label text, kind text, unit text, required boolean, options jsonb)`)
}

/** All but the kind. */
export function updateElements(tx: Tx, formId: string, elements: readonly ElementRow[]): Promise<number> {
  return tx.run(sql`
    update sustainability.form_elements e
    set position = r.position, label = r.label, unit = r.unit, required = r.required, options = r.options
    from jsonb_to_recordset(${json(elements)}::jsonb)
      as r (id text, position integer, label text, unit text, required boolean, options jsonb)
    where e.id = r.id and e.form_id = ${formId} and e.retired_at is null`)
}

/** Takes those out of the form that are not named; what was answered to them stays. */
export function retireElements(tx: Tx, formId: string, kept: readonly string[], now: Date): Promise<number> {
  return tx.run(sql`
    update sustainability.form_elements set retired_at = ${now}
    where form_id = ${formId} and retired_at is null and id <> all(${kept}::text[])`)
}
