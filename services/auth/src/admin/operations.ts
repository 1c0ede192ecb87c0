import { API_KEY_OPERATIONS } from './api-key-operations.ts'
import { CLIENT_HOST_OPERATIONS } from './client-host-operations.ts'
import { CLIENT_OPERATIONS } from './client-operations.ts'
import { DOCTOR_OPERATIONS } from './doctor-operations.ts'
import { EXPLAIN_OPERATIONS } from './explain-operations.ts'
import { FEED_OPERATIONS } from './feed-operations.ts'
import { GRANT_OPERATIONS } from './grant-operations.ts'
import { KEYRING_OPERATIONS } from './keyring-operations.ts'
import type { Operation } from './operation.ts'
import { PERSON_OPERATIONS } from './person-operations.ts'
import { RESOURCE_OPERATIONS } from './resource-operations.ts'
import { SESSION_OPERATIONS } from './session-operations.ts'
import { SIGN_IN_OPERATIONS } from './sign-in-operations.ts'
import { TENANT_OPERATIONS } from './tenant-operations.ts'

/** The table of contents of `/admin/v1`. */
export const OPERATIONS: readonly Operation[] = [
  ...TENANT_OPERATIONS,
  ...PERSON_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...SIGN_IN_OPERATIONS,
  ...CLIENT_OPERATIONS,
  ...CLIENT_HOST_OPERATIONS,
  ...API_KEY_OPERATIONS,
  ...RESOURCE_OPERATIONS,
  ...GRANT_OPERATIONS,
  ...EXPLAIN_OPERATIONS,
  ...KEYRING_OPERATIONS,
  ...FEED_OPERATIONS,
  ...DOCTOR_OPERATIONS,
]
