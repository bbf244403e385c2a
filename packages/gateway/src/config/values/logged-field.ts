import { redactQuery } from '@headgate/core'
import { type Kind, textKind } from './kinds.ts'
import { parsed, refused } from './parsed.ts'

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Fields that hold secrets under names that do not say so. */
const SECRET = new Set(['cookie', 'set-cookie', 'proxy-authorization', 'authorization', 'dpop'])

/** The name of a field whose values may stand in a log. */
export const loggedField: Kind<string> = textKind(
  'the name of a header field',
  'the name of a header field that holds no secret, such as x-canary',
  (written) => {
    const name = written.toLowerCase()
    if (!TOKEN.test(name)) return refused('is not the name of a header field')
    return isSecret(name) ? refused('may hold a secret, which no log is to hold') : parsed(name)
  },
)

/** By its name, as parameters of the query are judged: there is one list of such names. */
function isSecret(name: string): boolean {
  const query = `?${name}=value`
  return SECRET.has(name) || redactQuery(query) !== query
}
