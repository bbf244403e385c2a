import { unknownOption } from '@headgate/core'

/** What options are called by fetch, axios, got, ky and undici, and what says the same here: the first word is an option of ours. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['params', 'query'],
  ['searchParams', 'query'],
  ['qs', 'query'],
  ['paramsSerializer', 'queryArrays'],
  ['data', 'json, or body'],
  ['form', 'body: new URLSearchParams(…)'],
  ['prefixUrl', 'baseUrl'],
  ['throwHttpErrors', 'throwOnStatus'],
  ['validateStatus', 'throwOnStatus'],
  ['credentials', 'cookies: false, or auth: false'],
  ['withCredentials', 'cookies'],
  ['cookieJar', 'cookies'],
  ['followRedirect', 'redirect'],
  ['maxRedirects', 'redirect'],
  ['maxContentLength', 'maxBufferedBody, or maxBody'],
  ['hooks', 'policies, or retry.shouldRetry and retry.beforeRetry'],
  ['agent', 'pool, tls or proxy'],
  ['httpAgent', 'pool or proxy'],
  ['httpsAgent', 'pool, tls or proxy'],
  ['dispatcher', 'pool, tls or proxy'],
  ['dnsLookup', 'lookup'],
  ['headersTimeout', 'timeout.head'],
  ['bodyTimeout', 'timeout.idle'],
  ['connectTimeout', 'timeout.connect'],
  ['connections', 'maxConnections'],
  ['maxSockets', 'maxConnections'],
  ['limit', 'attempts'],
  ['retries', 'attempts'],
  ['maxRetries', 'attempts'],
  ['rejectUnauthorized', 'verify'],
])

/**
 * As `unknownOption`, for whoever comes from another library, too.
 * @param option as it is told, with its place; @param name as it was written
 */
export function unknownName(option: string, name: string, known: readonly string[]): TypeError {
  const ours = FOREIGN.get(name)
  // A name of another place would lead astray.
  const word = ours === undefined ? undefined : /^\w+/.exec(ours)?.[0]
  if (word === undefined || !known.includes(word)) return unknownOption(option, name, known)
  return new TypeError(`option ${option} is not known: did you mean ${ours}?`)
}
