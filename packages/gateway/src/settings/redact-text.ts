import { isSecretName, redactQuery } from '@headgate/core'

export const HIDDEN = '[redacted]'

/**
 * Hides what stands before the "@" of URLs. Up to the last one on purpose: passwords that should have been escaped may
 * themselves hold "/" and "@".
 */
export function redactUrls(text: string): string {
  return text.includes('@') ? text.replaceAll(/[^\s"'`]+/g, withoutCredentials) : text
}

/** The same for a value that is a URL from its beginning on: a blank in it ends nothing, as in a password that should have been escaped. */
export function redactUrlValue(value: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? withoutCredentials(value) : value
}

/** Of a text without blanks and quotes, each end of which is looked for once: a pattern would look for "@" behind every "://". */
function withoutCredentials(word: string): string {
  const start = word.indexOf('://')
  const end = word.lastIndexOf('@')
  return start === -1 || end < start + 3 ? word : `${word.slice(0, start + 3)}${HIDDEN}${word.slice(end)}`
}

/** A key in PEM form; to the end of the text, where its end is missing. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[^-]|-(?!----END ))*(?:-----END [A-Z ]*-----|$)/g

/** The schemes of Authorization whose credentials follow (RFC 9110 11.4), and what is sent like them. */
const CREDENTIALS = /\b(Bearer|Basic|Digest|Negotiate|DPoP|ApiKey|Token) +(?!\[redacted\])[^\s"',;]{4,}/gi
/** What may be the parameters of a URL, in its query or in its fragment, where OAuth's implicit flow has tokens. */
const PARAMETERS = /([?#])([^\s"'<>?#]*)/g
/** `Credential=abc`: a parameter of credentials, as AWS4-HMAC-SHA256 has them (RFC 9110 11.4). */
const PARAMETER = /(?<![^\s,;])([\w-]+)=("(?:[^"\\]|\\.)*"|[^\s"',;&]+)/g
/** The schemes whose parameters are secrets under names that do not say so, with all that follows. */
const PARAMETER_SCHEMES = /\b(Digest|Hawk|OAuth|MAC) +(?=[\w-]+\s*=)[^\r\n]+/g
/** `<password>abc</password>` */
const ELEMENT = /<([\w.:-]+)(\s[^<>]*)?>([^<>]+)<\//g
/** `"password": "abc"`, `api_key=abc`: a name, and its value with or without quotes. */
const NAMED = /(["']?)(?<![\w.-])([\w.-]+)\1(\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&}"'<]+)/g

/** A text of which nothing is known but that somebody may have written a secret into it: in URLs, queries, credentials. */
export function redactText(text: string): string {
  const plain = redactUrls(text.replace(PRIVATE_KEY, HIDDEN))
  return plain
    .replace(PARAMETERS, (_, mark: string, query: string) => mark + redactQuery(`?${query}`).slice(1))
    .replace(PARAMETER_SCHEMES, `$1 ${HIDDEN}`)
    .replace(CREDENTIALS, `$1 ${HIDDEN}`)
    .replace(PARAMETER, (whole, name: string) => (isSecretName(name) ? `${name}=${HIDDEN}` : whole))
}

/** The content of an answer: JSON, a form or whatever else has names and values. */
export function redactContent(text: string): string {
  const elements = redactText(text).replace(ELEMENT, (whole, name: string, attributes = '') =>
    isSecretName(name) ? `<${name}${attributes}>${HIDDEN}</` : whole,
  )
  return elements.replace(NAMED, (whole, quote: string, name: string, between: string, value: string) => {
    if (!isSecretName(name)) return whole
    const mark = /^["']/.exec(value)?.[0] ?? ''
    return `${quote}${name}${quote}${between}${mark}${HIDDEN}${mark}`
  })
}
