/** Below the sign-in, so that no other page leads back to it. */
export const FORGOT_PASSWORD_PATH = '/sign-in/forgot-password'
