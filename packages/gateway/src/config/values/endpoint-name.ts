/** What an endpoint is called in logs and metrics, by its canonical URL: `host:port`, or `unix:/path`. */
export function endpointName(url: string): string {
  const [, scheme, authority] = /^(https?):\/\/(.*)$/.exec(url) ?? []
  if (authority === undefined) return url.replace(/^https\+/, '')
  return /:\d+$/.test(authority) ? authority : `${authority}:${scheme === 'https' ? 443 : 80}`
}
