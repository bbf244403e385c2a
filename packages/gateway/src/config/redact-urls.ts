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
