import { isSecretField } from '@headgate/core'
import { type Kind, textKind } from './kinds.ts'
import { parsed, refused } from './parsed.ts'
import { TOKEN as TOKEN_PATTERN } from './patterns.ts'

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** The name of a field whose values may stand in a log. */
export const loggedField: Kind<string> = textKind(
  'the name of a header field',
  'the name of a header field that holds no secret, such as x-canary',
  (written) => {
    const name = written.toLowerCase()
    if (!TOKEN.test(name)) return refused('is not the name of a header field')
    return isSecretField(name) ? refused('may hold a secret, which no log is to hold') : parsed(name)
  },
  { pattern: `^${TOKEN_PATTERN}$` },
)
