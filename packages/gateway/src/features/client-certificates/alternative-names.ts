/** The kinds of names that rules are about, in the order of the certificate. */
export interface AlternativeNames {
  readonly uri: readonly string[]
  /** In lower case. */
  readonly dns: readonly string[]
  readonly email: readonly string[]
}

const KINDS = { URI: 'uri', DNS: 'dns', email: 'email' } as const

/** One name of Node's text; what might be taken for several is printed as a JSON string (CVE-2021-44532). */
const NAME = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y

/** Reads the names of a certificate (subjectAltName) as Node tells them. A text that is not understood to its end has none. */
export function alternativeNames(text = ''): AlternativeNames {
  const found = { uri: [] as string[], dns: [] as string[], email: [] as string[] }
  NAME.lastIndex = 0
  while (NAME.lastIndex < text.length) {
    const [, kind = '', written = ''] = NAME.exec(text) ?? []
    if (kind === '') return { uri: [], dns: [], email: [] }
    const value = written.startsWith('"') ? unquoted(written) : written
    if (value === undefined || !Object.hasOwn(KINDS, kind)) continue
    const key = KINDS[kind as keyof typeof KINDS] // looked up above
    found[key].push(key === 'dns' ? value.toLowerCase() : value)
  }
  return found
}

/** Undefined for what no name may be. */
function unquoted(written: string): string | undefined {
  try {
    const value: unknown = JSON.parse(written)
    return typeof value === 'string' && !/\p{Cc}/u.test(value) ? value : undefined
  } catch {
    return undefined
  }
}
