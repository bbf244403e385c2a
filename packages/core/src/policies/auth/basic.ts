import { knownOptions, type OptionNames } from '../../message/own-options.ts'
import { isFieldValue, isToken } from '../../message/tokens.ts'
import { type Credentials, fixedProof, type Proof } from './auth.ts'
import { CREDENTIAL_OPTIONS, type CredentialOptions, noText } from './bearer.ts'

/**
 * User and password in Authorization, in UTF-8 (RFC 7617): readable for everyone on the way, so for https only.
 * @throws TypeError if the user holds a colon, or one of both a control character
 */
export function basic(user: string, password: string, given: CredentialOptions = {}): Credentials {
  const { origins } = knownOptions('auth.basic', given, CREDENTIAL_OPTIONS)
  checkTexts('basic', user, password)
  if (user.includes(':')) throw new TypeError('auth: basic: the user holds a colon, which would end it')
  // The values are not told: one of them is a secret, and who swaps them would tell it.
  if (/\p{Cc}/u.test(user + password)) {
    throw new TypeError('auth: basic: the user or the password holds a control character')
  }
  const value = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const proof: Proof = { in: 'header', name: 'authorization', value }
  return fixedProof({ scheme: 'basic', origins }, proof)
}

/** @throws TypeError if one of both is no text */
export function checkTexts(scheme: string, user: unknown, password: unknown): void {
  if (typeof user !== 'string') throw noText(scheme, 'the user', user)
  if (typeof password !== 'string') throw noText(scheme, 'the password', password)
}

/** Options of `apiKey`: a header field or a query parameter, not both. */
export interface ApiKeyOptions extends CredentialOptions {
  /** Name of the field, as `x-api-key`. */
  readonly header?: string | undefined
  /** Name of the parameter. Queries end up in the logs of everyone on the way: prefer `header`. */
  readonly query?: string | undefined
  readonly value: string
}

const API_KEY_OPTIONS: OptionNames<ApiKeyOptions> = { header: true, query: true, value: true, origins: true }

/** A key under a name of the origin's choice. @throws TypeError that names the option that is not valid */
export function apiKey(given: ApiKeyOptions): Credentials {
  const { header, query, value, origins } = knownOptions('auth.apiKey', given, API_KEY_OPTIONS)
  if ((header === undefined) === (query === undefined)) {
    throw new TypeError(
      'auth: apiKey: give one of the options header and query, with the name that the key goes by',
    )
  }
  if (typeof value !== 'string') throw noText('apiKey', 'value', value)
  if (value === '' || !isFieldValue(value) || value.trim() !== value) {
    throw new TypeError(
      'auth: apiKey: value is not valid; allowed: text in latin1 without control characters or outer spaces',
    )
  }
  if (header !== undefined && !isToken(header)) {
    throw new TypeError(`auth: apiKey: header: ${JSON.stringify(header)} is not the name of a header field`)
  }
  const proof: Proof =
    header === undefined
      ? { in: 'query', name: query ?? '', value }
      : { in: 'header', name: header.toLowerCase(), value }
  return fixedProof({ scheme: 'apiKey', origins }, proof)
}
