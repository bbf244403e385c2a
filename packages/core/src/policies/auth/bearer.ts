import type { Exchange } from '../../message/exchange.ts'
import type { HttpResponse } from '../../message/response.ts'
import { knownOptions, type OptionNames, own } from '../../message/own-options.ts'
import { type Credentials, authFailed, fixedProof, type Proof } from './auth.ts'
import { whileWanted } from './while-wanted.ts'

/** Options that all kinds of credentials have. */
export interface CredentialOptions {
  /** Where they may be sent, each as `https://api.example.com`. Default: the origin of the client's baseUrl. */
  readonly origins?: readonly string[] | undefined
}

export const CREDENTIAL_OPTIONS: OptionNames<CredentialOptions> = { origins: true }

/** What a function that gives tokens is told. */
export interface TokenRequest {
  /** The token that the origin has just answered with 401: another one is wanted. Undefined: any that is good. */
  readonly rejected: string | undefined
}

/**
 * A token in Authorization (RFC 6750), as it is or from a function, which is asked for each request and should keep its tokens
 * itself. After a 401 the function is asked once more; where it gives the same token again, the 401 is delivered.
 * @throws TypeError if the token is not valid
 */
export function bearer(
  token: string | ((request: TokenRequest) => string | Promise<string>),
  given: CredentialOptions = {},
): Credentials {
  const { origins } = knownOptions('auth.bearer', given, CREDENTIAL_OPTIONS)
  if (typeof token === 'string') {
    if (!TOKEN.test(token)) throw new TypeError(`auth: bearer: the token is not valid; allowed: ${ALLOWED}`)
    const proof = bearerProof(token)
    return fixedProof({ scheme: 'bearer', origins }, proof)
  }
  if (typeof token !== 'function')
    throw noText('bearer', 'the token', token, 'text, or a function that gives one')
  const ask = (rejected: string | undefined): Proof | Promise<Proof> => {
    let given
    try {
      given = token({ rejected })
    } catch (thrown) {
      return unobtainable(thrown)
    }
    return given instanceof Promise ? given.then(checked, unobtainable) : checked(given)
  }
  return own({
    scheme: 'bearer',
    field: 'authorization',
    origins,
    proof(exchange: Exchange) {
      const proof = ask(undefined)
      return proof instanceof Promise ? whileWanted(proof, exchange) : proof
    },
    renewed(exchange: Exchange, _response: HttpResponse, refused: Proof | undefined) {
      const proof = ask(refused?.value.slice(PREFIX.length))
      return proof instanceof Promise ? whileWanted(proof, exchange) : proof
    },
  })
}

/** Of what is missing most often, as a variable of the environment that nobody has set. */
export function noText(scheme: string, what: string, given: unknown, allowed = 'text'): TypeError {
  const kind = given === undefined || given === null ? String(given) : `of type ${typeof given}`
  return new TypeError(`auth: ${scheme}: ${what} is ${kind}; allowed: ${allowed}`)
}

const PREFIX = 'Bearer '
/** What servers give for tokens is at least this (RFC 6750 2.1 allows less). */
const TOKEN = /^[!-~]+$/
const ALLOWED = 'visible ASCII characters without spaces'

export function bearerProof(token: string): Proof {
  return { in: 'header', name: 'authorization', value: PREFIX + token }
}

/** Whether a token may stand in a field. */
export function isBearerToken(token: unknown): token is string {
  return typeof token === 'string' && TOKEN.test(token)
}

function checked(token: unknown): Proof {
  if (isBearerToken(token)) return bearerProof(token)
  const what = typeof token === 'string' ? 'a token with other characters, or an empty one' : typeof token
  throw authFailed(`the function of auth: bearer gave ${what}; allowed: ${ALLOWED}`)
}

/** What it threw is its owner's: told as the cause, but not in the message, since nobody knows what it holds. */
function unobtainable(thrown: unknown): never {
  throw authFailed('the function of auth: bearer has thrown instead of giving a token: see the cause', thrown)
}
