export {
  type ApiAnswer,
  type ApiRequest,
  type Asker,
  createHttpApi,
  type HttpApi,
  type HttpApiOptions,
} from './http-api.ts'
export { principalHeaders } from './principal-headers.ts'
export {
  CredentialUnavailable,
  createServiceCredential,
  type ServiceCredential,
  type ServiceCredentialOptions,
} from './service-credential.ts'
