/** Whether a page is wanted rather than JSON (RFC 9110 section 12.5.1): `text/html` by name, and JSON not as gladly. */
export function prefersHtml(accept: string | undefined): boolean {
  const quality = (type: string): number => {
    for (const range of accept?.split(',') ?? []) {
      const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
      if (name !== type) continue
      const given = parameters.find((parameter) => parameter.startsWith('q='))
      return given === undefined ? 1 : Number(given.slice(2)) || 0
    }
    return 0
  }
  const html = quality('text/html')
  return html > 0 && html > quality('application/json')
}
