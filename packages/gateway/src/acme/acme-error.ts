/** Why an authority gave no certificate: what it said, or what is wrong with what it said. The text holds nothing of a key. */
export class AcmeError extends Error {
  override readonly name = 'AcmeError'
  /** What RFC 8555 6.7 calls it, without its prefix: `rateLimited`. Undefined where the authority said nothing of the kind. */
  readonly type: string | undefined
  /** Before which it does not want to be asked again. Milliseconds from then on. */
  readonly retryAfter: number | undefined

  constructor(
    message: string,
    facts: { readonly type?: string | undefined; readonly retryAfter?: number | undefined } = {},
  ) {
    super(message)
    this.type = facts.type
    this.retryAfter = facts.retryAfter
  }
}

const PREFIX = 'urn:ietf:params:acme:error:'
/** Characters of what an authority says that are passed on. */
const MOST_TEXT = 300

/** Of a problem document (RFC 7807), whatever is in it. */
export function problemOf(status: number, body: unknown, retryAfter: number | undefined): AcmeError {
  const { type, detail, subproblems } = isFields(body) ? body : {}
  const known = typeof type === 'string' && type.startsWith(PREFIX) ? type.slice(PREFIX.length) : undefined
  const inner = Array.isArray(subproblems) ? subproblems.filter(isFields).map(({ detail: text }) => text) : []
  const said = [detail, ...inner].filter((each) => typeof each === 'string').join('; ')
  const message = `the authority refuses (${known ?? status})${said === '' ? '' : `: ${shortened(said)}`}`
  return new AcmeError(message, { type: known, retryAfter })
}

export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shortened(text: string): string {
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)} …` : text
}
