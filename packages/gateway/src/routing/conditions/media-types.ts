/** Whether a range such as `text/*` or `application/json` takes the type; both in lower case. */
export function takesType(range: string, type: string): boolean {
  if (range === type || range === '*/*') return true
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1))
}

/** The type of a Content-Type (RFC 9110 8.3.1), in lower case and without parameters. */
export function mediaType(value: string): string {
  const end = value.indexOf(';')
  return (end === -1 ? value : value.slice(0, end)).trim().toLowerCase()
}

/**
 * Whether Accept (RFC 9110 12.5.1) names a type that one of the ranges takes. Its own wildcards name nothing: a client that
 * takes anything has not asked for this one.
 */
export function asksFor(accept: string, ranges: readonly string[]): boolean {
  return accept.split(',').some((member) => {
    const [type = '', ...parameters] = member.split(';')
    const named = type.trim().toLowerCase()
    if (named.includes('*') || parameters.some((each) => /^\s*q=0(?:\.0{0,3})?\s*$/i.test(each))) return false
    return ranges.some((range) => takesType(range, named))
  })
}
