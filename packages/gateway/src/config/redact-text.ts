import { isSecretName, redactQuery } from '@headgate/core'
import { HIDDEN, redactUrls } from './redact-urls.ts'

/** The schemes of Authorization whose credentials follow (RFC 9110 11.4), and what is sent like them. */
const CREDENTIALS = /\b(Bearer|Basic|Digest|Negotiate|DPoP|ApiKey|Token) +(?!\[redacted\])[^\s"',;]{4,}/gi
/** A question mark, and what may be the parameters of a URL behind it. */
const QUERY = /\?[^\s"'<>#]*/g
/** `"password": "abc"`, `api_key=abc`: a name, and its value with or without quotes. */
const NAMED = /(["']?)([\w.-]+)\1(\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&}"'<]+)/g

/** A text of which nothing is known but that somebody may have written a secret into it: in URLs, queries, credentials. */
export function redactText(text: string): string {
  const plain = redactUrls(text)
  return plain.replace(QUERY, redactQuery).replace(CREDENTIALS, `$1 ${HIDDEN}`)
}

/** The content of an answer: JSON, a form or whatever else has names and values. */
export function redactContent(text: string): string {
  return redactText(text).replace(
    NAMED,
    (whole, quote: string, name: string, between: string, value: string) => {
      if (!isSecretName(name)) return whole
      const mark = /^["']/.exec(value)?.[0] ?? ''
      return `${quote}${name}${quote}${between}${mark}${HIDDEN}${mark}`
    },
  )
}
