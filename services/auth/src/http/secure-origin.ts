/** `localhost` and what lies below it never leaves this machine (RFC 6761 section 6.3). */
const OWN = /^http:\/\/(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/

/** Whether credentials may be sent there: TLS, or this machine alone (OAuth 2.1 section 1.5). */
export const isSecureOrigin = (origin: string): boolean => origin.startsWith('https://') || OWN.test(origin)
