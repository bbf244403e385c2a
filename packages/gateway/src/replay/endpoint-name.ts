/** What a log calls the endpoint of a URL, which is canonical: its host and port, or its path. */
export function endpointName(url: string): string {
  const [, socket] = /unix:(.*)$/.exec(url) ?? []
  if (socket !== undefined) return `unix:${socket}`
  const [scheme = '', authority = ''] = url.split('://')
  return /:\d+$/.test(authority) ? authority : `${authority}:${scheme === 'https' ? 443 : 80}`
}
