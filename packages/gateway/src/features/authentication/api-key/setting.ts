import { once, zod } from '../../../settings/schema/library.ts'
import { list, record } from '../../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../../settings/schema/section.ts'
import { boolean, value } from '../../../settings/schema/setting.ts'
import { anyText, type Kind, name, textKind } from '../../../settings/values/kinds.ts'
import { parsed, refused } from '../../../settings/values/parsed.ts'
import { requestField, token } from '../../../settings/values/request-field.ts'
import { scope } from '../scope.ts'
import { parseKeyLines } from './key-lines.ts'

const HASH = /^sha256:[0-9a-f]{64}$/

const keyHash: Kind<string> = {
  allowed: 'the SHA-256 of a key, as sha256: and 64 hexadecimal digits: headgate keys new writes it',
  json: { type: 'string', pattern: HASH.source, writeOnly: true },
  parse(written) {
    if (typeof written === 'string' && HASH.test(written)) return parsed(written)
    return refused(
      'is not the hash of a key',
      'a key itself is not taken: headgate keys hash prints its hash',
    )
  },
}

/** A day, or a moment, in RFC 3339. */
const expiry: Kind<string> = textKind(
  'a day or a time',
  'a day (2027-01-31) or a time with its zone (2027-01-31T12:00:00Z)',
  (written) => (isExpiry(written) ? parsed(written) : refused('is not a day or a time')),
)

export function isExpiry(written: string): boolean {
  const isOne = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?$/.test(written)
  return isOne && !Number.isNaN(Date.parse(written))
}

const apiKey = section('ApiKeyInput', () => ({
  name: value(name, 'Whose key it is: the subject of the identity.'),
  hash: value(keyHash, 'Its SHA-256.'),
  groups: list(value(name)).prefault([]).describe('Groups of its owner, for rules of authorization.'),
  scopes: list(value(scope)).prefault([]).describe('What it is for, for rules of authorization.'),
  expires: value(expiry, 'When it ends; left out: never.').optional(),
  metadata: record(value(anyText)).prefault(nothing).describe('Anything else that is to be known of it.'),
}))

export type ApiKeyConfig = Read<typeof apiKey>

const keyLines: Kind<ApiKeyConfig[]> = {
  allowed: 'a list of keys, or the text of a file of keys: ${file:keys.txt}',
  json: { type: 'string', writeOnly: true },
  parse(written) {
    if (typeof written !== 'string') return refused('holds no keys')
    const read = parseKeyLines(written)
    if (!read.ok) return read
    const keys: ApiKeyConfig[] = []
    for (const { line, fields } of read.value) {
      const checked = apiKey().safeParse(fields)
      if (checked.success) keys.push(checked.data)
      else return refused(`has a mistake in line ${line}: ${checked.error.issues[0]?.message ?? ''}`)
    }
    return parsed(keys)
  },
}

export const apiKeySetting = section('ApiKeyAuthenticatorInput', () => ({
  header: value(
    requestField,
    'The field that holds the key. Left out: X-Api-Key, unless query or cookie is written.',
  ).optional(),
  query: value(
    token,
    'The parameter of the query that holds it. URLs are written to logs: a field is better.',
  ).optional(),
  cookie: value(token, 'The cookie that holds it.').optional(),
  keys: once(() => zod().union([list(apiKey()), value(keyLines)]))().describe(
    'The keys, by their hashes; or the text of a file that headgate keys writes, as ${file:keys.txt}, which is read again when it changes.',
  ),
  forward: boolean('Whether upstreams get the key, too.', false),
}))

export type ApiKeyAuthenticatorConfig = Read<typeof apiKeySetting>
