import { type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'

const SCOPE = /^[!#-[\]-~]+$/

/** A scope-token of RFC 6749 3.3. */
export const scope: Kind<string> = textKind(
  'a scope',
  'a scope, such as orders:read: printable ASCII without spaces, quotes and backslashes',
  (written) => (SCOPE.test(written) ? parsed(written) : refused('is not a scope')),
  { pattern: SCOPE.source },
)
