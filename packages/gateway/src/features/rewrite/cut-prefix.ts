/** The paths of a route, outside and inside: what begins with `inside` at the upstream begins with `outside` for the client. */
export interface Cut {
  readonly outside: string
  /** Empty where the front of the path was cut off. */
  readonly inside: string
}

/** What was cut out of a path on its way; undefined if nothing was. By whole segments, as it was cut. */
export function cutBetween(asked: string, sent: string): Cut | undefined {
  if (asked === sent) return undefined
  let end = asked.length
  let sentEnd = sent.length
  while (end > 0 && sentEnd > 0 && asked.charCodeAt(end - 1) === sent.charCodeAt(sentEnd - 1)) {
    end--
    sentEnd--
  }
  const slash = asked.indexOf('/', end)
  const kept = slash < 0 ? 0 : asked.length - slash
  const outside = asked.slice(0, asked.length - kept)
  // Of /api, nothing is left to send: then it is "/".
  const inside = sent.slice(0, sent.length - kept).replace(/\/$/, '')
  return { outside, inside }
}

/**
 * The path as clients know it, of one as the upstream knows it. One that begins as clients know it already comes from an upstream
 * that honours X-Forwarded-Prefix; that, and one of another part of the upstream, is returned as it is.
 * @param path with one "/" in front; a query and a fragment may follow
 */
export function outsidePath(path: string, { outside, inside }: Cut): string {
  if (beginsWith(path, outside) || !beginsWith(path, inside)) return path
  return outside + path.slice(inside.length)
}

/** By whole segments: /api is no prefix of /apis. */
export function beginsWith(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false
  const behind = path[prefix.length]
  return behind === undefined || behind === '/' || behind === '?' || behind === '#'
}
