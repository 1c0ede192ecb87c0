import { sql, type Tx } from '@gatehouse/database'
import type { z } from 'zod'
import type { deploymentStatus, ElementKind, submissionStatus } from './vocabulary.ts'
import { every, when } from './where.ts'

export interface DeploymentRow {
  readonly id: string
  readonly form_id: string
  readonly form_name: string
  readonly site_id: string
  readonly site_name: string
  readonly period_start: string
  readonly period_end: string
  readonly due_on: string
  readonly status: z.infer<typeof deploymentStatus>
  readonly submission_count: number
}

export interface SubmissionRow {
  readonly id: string
  readonly deployment_id: string
  readonly form_id: string
  readonly site_id: string
  readonly status: z.infer<typeof submissionStatus>
  readonly submitted_by: string
  readonly submitted_at: Date
}

export interface ValueRow {
  readonly element_id: string
  readonly label: string
  readonly kind: ElementKind
  readonly unit: string | null
  readonly value: string | number | boolean
}

/** Latest due first. */
export function listDeployments(
  tx: Tx,
  of: {
    readonly formId?: string | undefined
    readonly siteId?: string | undefined
    readonly status?: DeploymentRow['status'] | undefined
    readonly after?: readonly [string, string] | undefined
    readonly atMost: number
  },
): Promise<DeploymentRow[]> {
  return tx.rows<DeploymentRow>(sql`
    select d.id, d.form_id, f.name as form_name, d.site_id, s.name as site_name, d.period_start::text, d.period_end::text,
      d.due_on::text, d.status, d.submission_count
    from sustainability.form_deployments d
    join sustainability.forms f on f.tenant_id = d.tenant_id and f.id = d.form_id
    join sustainability.sites s on s.tenant_id = d.tenant_id and s.id = d.site_id
    where ${every(
      when(of.formId, (formId) => sql`d.form_id = ${formId}`),
      when(of.siteId, (siteId) => sql`d.site_id = ${siteId}`),
      when(of.status, (status) => sql`d.status = ${status}`),
      when(of.after, ([on, id]) => sql`d.due_on <= ${on} and (d.due_on < ${on} or d.id > ${id})`),
    )}
    order by d.due_on desc, d.id limit ${of.atMost}`)
}

export async function hasDeployment(tx: Tx, id: string): Promise<boolean> {
  return (await tx.maybe(sql`select id from sustainability.form_deployments where id = ${id}`)) !== undefined
}

/** Latest first. */
export function listSubmissions(
  tx: Tx,
  of: {
    readonly formId?: string | undefined
    readonly deploymentId?: string | undefined
    readonly siteId?: string | undefined
    readonly status?: SubmissionRow['status'] | undefined
    readonly after?: readonly [string, string] | undefined
    readonly atMost: number
  },
): Promise<SubmissionRow[]> {
  return tx.rows<SubmissionRow>(sql`
    select id, deployment_id, form_id, site_id, status, submitted_by, submitted_at from sustainability.form_submissions
    where ${every(
      when(of.formId, (formId) => sql`form_id = ${formId}`),
      when(of.deploymentId, (deploymentId) => sql`deployment_id = ${deploymentId}`),
      when(of.siteId, (siteId) => sql`site_id = ${siteId}`),
      when(of.status, (status) => sql`status = ${status}`),
      when(of.after, ([at, id]) => sql`submitted_at <= ${at} and (submitted_at < ${at} or id > ${id})`),
    )}
    order by submitted_at desc, id limit ${of.atMost}`)
}

export function findSubmission(tx: Tx, id: string): Promise<SubmissionRow | undefined> {
  return tx.maybe<SubmissionRow>(sql`
    select id, deployment_id, form_id, site_id, status, submitted_by, submitted_at
    from sustainability.form_submissions where id = ${id}`)
}

/** In the order of the form; also of elements that were taken out of it since. */
export function listValues(tx: Tx, submissionId: string): Promise<ValueRow[]> {
  return tx.rows<ValueRow>(sql`
    select v.element_id, e.label, e.kind, e.unit, v.value
    from sustainability.submission_values v
    join sustainability.form_elements e on e.tenant_id = v.tenant_id and e.id = v.element_id
    where v.submission_id = ${submissionId} order by e.position, e.id`)
}
