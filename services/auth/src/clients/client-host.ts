/** The host of a client id that is the URL of its metadata document. */
export const clientHost = (id: string): string | undefined =>
  id.startsWith('https://') && URL.canParse(id) ? new URL(id).host : undefined
