import { readJson } from '../../graphql/strict-json.ts'

/**
 * Whether a part of a token names one thing twice: of two readers, one may take the first and another the last, and so two
 * identities (RFC 8259 4).
 */
export function hasRepeatedNames(token: string): boolean {
  return token
    .split('.')
    .slice(0, 2)
    .some((part) => {
      try {
        readJson(Buffer.from(part, 'base64url').toString('utf8'), 'the token')
        return false
      } catch {
        return true
      }
    })
}
