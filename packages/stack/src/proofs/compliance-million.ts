import { compliance } from '@gatehouse/catalog-compliance'
import { sql } from '@gatehouse/database'
import { type CatalogAtSize, catalogMillion } from './catalog-million.ts'

const FRAMEWORKS = 5
/** Findings of one assessment, on average. */
const FINDINGS = 100
/** One assessment has so many questions, all answered; the others have none. */
const QUESTIONS = 2_000

const findings: CatalogAtSize = {
  catalog: compliance,
  rows: (count) => [
    sql`insert into compliance.assessments
        (id, name, framework, status, lead, score, created_at, updated_at, finalized_at)
      select 'asm_' || n, 'Assessment ' || n, 'Framework ' || n % ${FRAMEWORKS}::integer,
        case when n % 2 = 0 then 'finalized' else (array['draft', 'in_progress', 'in_review'])[n / 2 % 3 + 1] end,
        'Lead ' || n % 50, case when n % 2 = 0 then n % 1000 / 10.0 end, now() - n * interval '1 hour',
        now() - n * interval '1 minute', case when n % 2 = 0 then now() - n * interval '1 minute' end
      from generate_series(1, ${count / FINDINGS}::integer) n`,
    sql`insert into compliance.domains (assessment_id, id, position, name, weight, score)
      select 'asm_2', 'dom_' || n, n, 'Domain ' || n, 5, 50 from generate_series(1, 20) n`,
    sql`insert into compliance.questions (assessment_id, id, domain_id, position, reference, question)
      select 'asm_2', 'q_' || n, 'dom_' || (n % 20 + 1), n, 'R' || n, 'Question ' || n || '?'
      from generate_series(1, ${QUESTIONS}::integer) n`,
    sql`insert into compliance.responses (assessment_id, question_id, result, answered_by, answered_at)
      select 'asm_2', 'q_' || n, case when n % 4 = 0 then 'fail' else 'pass' end, 'Lead', now()
      from generate_series(1, ${QUESTIONS}::integer) n`,
    sql`insert into compliance.findings
        (id, assessment_id, title, description, severity, status, created_at, updated_at, resolved_at)
      select 'fnd_' || n, 'asm_' || (n % ${count / FINDINGS}::integer + 1), 'Finding ' || n, repeat('What was seen. ', 10),
        (array['critical', 'high', 'medium', 'low', 'info'])[(n / 10000 + n) % 5 + 1],
        (array['open', 'in_remediation', 'resolved', 'risk_accepted'])[(n / 10000 + n / 5) % 4 + 1],
        now() - n * interval '1 second', now() - n * interval '1 second', case when (n / 10000 + n / 5) % 4 = 2 then now() end
      from generate_series(1, ${count}::integer) n`,
    sql`insert into compliance.reports
        (id, assessment_id, version, title, final, format, pages, size_bytes, sha256, generated_by, generated_at)
      select 'rep_' || n, 'asm_' || n, 1, 'Report ' || n, n % 2 = 0, 'pdf', 10, 100000, repeat('a', 64), 'Lead',
        now() - n * interval '1 minute'
      from generate_series(1, ${count / FINDINGS}::integer) n`,
  ],
  hot: [
    {
      name: 'overview',
      tool: 'get_overview',
      input: () => ({}),
      found: ({ openFindings, lastScores }) => openFindings.critical > 0 && lastScores.length === 10,
    },
    {
      name: 'list_assessments',
      tool: 'list_assessments',
      input: (nth) => ({ status: nth % 2 === 0 ? 'finalized' : 'in_review', limit: 100 }),
      found: ({ assessments }) => assessments.length === 100,
    },
    {
      name: 'list_changed',
      tool: 'list_assessments',
      input: () => ({ updatedAfter: '2000-01-01', limit: 100 }),
      found: ({ assessments }) => assessments.length === 100,
    },
    {
      name: 'read',
      tool: 'get_assessment',
      input: (nth) => ({ assessmentId: `asm_${nth * 37 + 2}` }),
      found: ({ findings }) => findings.resolved > 0,
    },
    {
      name: 'read_large',
      tool: 'get_assessment',
      input: () => ({ assessmentId: 'asm_2' }),
      found: ({ domains }) => domains.length === 20,
    },
    {
      name: 'responses',
      tool: 'get_assessment_responses',
      input: (nth) => ({ assessmentId: 'asm_2', limit: 100, ...(nth % 2 === 0 ? { result: 'fail' } : {}) }),
      found: ({ responses }) => responses.length === 100,
    },
    {
      name: 'list_findings',
      tool: 'list_findings',
      input: () => ({ limit: 100 }),
      found: ({ findings }) => findings.length === 100,
    },
    {
      name: 'findings_by_severity_and_status',
      tool: 'list_findings',
      input: (nth) => ({ severity: nth % 2 === 0 ? 'high' : 'low', status: 'open', limit: 100 }),
      found: ({ findings }) => findings.length === 100,
    },
    {
      name: 'findings_deep',
      tool: 'list_findings',
      // A page from the middle of the middle severity.
      input: () => ({
        limit: 100,
        cursor: cursorOf('findings', [3, new Date(Date.now() - 500_000_000).toISOString(), 'fnd_500000']),
      }),
      found: ({ findings }) => findings.length === 100,
    },
    {
      name: 'findings_of_assessment',
      tool: 'list_findings',
      input: (nth) => ({ assessmentId: `asm_${nth * 37 + 2}`, limit: 100 }),
      found: ({ findings }) => findings.length === FINDINGS,
    },
    {
      name: 'trend',
      tool: 'get_score_trend',
      input: (nth) => ({ framework: `Framework ${nth % FRAMEWORKS}`, limit: 100 }),
      found: ({ scores }) => scores.length === 100,
    },
    {
      name: 'reports',
      tool: 'list_reports',
      input: () => ({ limit: 100 }),
      found: ({ reports }) => reports.length === 100,
    },
  ],
}

const cursorOf = (list: string, key: unknown): string =>
  Buffer.from(JSON.stringify({ list, key })).toString('base64url')

export const complianceMillion = catalogMillion(findings)
