import { HeaderList, isSecretField } from '@headgate/core'
import { appendField, fieldsOf } from './request-headers.ts'
import type { HeadersInput } from './headers-input.ts'
import { VERSION } from './version.ts'

/** What a client adds to its requests. */
export interface DefaultHeaders {
  /** To the origin of its baseUrl; without one, to every origin. */
  readonly own: HeaderList
  /** To any other origin. */
  readonly elsewhere: HeaderList
  /** What is accepted where the caller does not say; undefined if the client has it left out. */
  readonly accept: string | undefined
  /** Names of the fields that are for the client's own origin alone, in lower case. */
  readonly bound: ReadonlySet<string>
}

/** Fields that say nothing of who asks. All others may, whatever their name: they stay with the origin that they were meant for. */
const FOR_EVERYONE: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-type',
  'dnt',
  'pragma',
  'priority',
  'save-data',
  'sec-gpc',
  'upgrade-insecure-requests',
  'user-agent',
])

/** Whether a client's field goes to other origins than that of its baseUrl. @param name in lower case */
export function isForEveryone(name: string): boolean {
  return FOR_EVERYONE.has(name)
}

/** Whether a field is dropped where a request is sent on to another origin, whoever has set it. @param name in lower case */
export function isCredential(name: string): boolean {
  return name === 'cookie' || isSecretField(name)
}

/**
 * @param isBound whether the client has an origin of its own
 * @throws TrafficError `invalid_request`
 */
export function defaultHeaders(input: HeadersInput | undefined, isBound: boolean): DefaultHeaders {
  const fields = input === undefined ? [] : fieldsOf(input)
  const names = new Set(fields.map(([name]) => name))
  const own = new HeaderList()
  if (!names.has('user-agent')) own.add('user-agent', `headgate/${VERSION}`)
  for (const [name, value] of fields) if (value !== undefined) appendField(own, name, value)
  const bound = new Set([...own].map(({ name }) => name).filter((name) => isBound && !isForEveryone(name)))
  const elsewhere = own.clone()
  elsewhere.retain((name) => !bound.has(name))
  const leftOut = names.has('accept') && !own.has('accept')
  return { own, elsewhere, accept: leftOut ? undefined : '*/*', bound }
}
