import { once, zod } from '../../../settings/schema/library.ts'
import { keyed, list } from '../../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../../settings/schema/section.ts'
import { value } from '../../../settings/schema/setting.ts'
import { type Kind, name, textKind } from '../../../settings/values/kinds.ts'
import { parsed, type Parsed, refused } from '../../../settings/values/parsed.ts'
import { parsePasswordHash, passwordHash } from './password-hash.ts'

/** RFC 7617 2: a user-id holds no colon; 2.1: nor control characters. */
const USER = /^[^:\p{Cc}]{1,255}$/u

const user: Kind<string> = textKind(
  'a user',
  'a name without ":" and control characters, at most 255 characters',
  (written) => (USER.test(written) ? parsed(written.normalize('NFC')) : refused('is not the name of a user')),
  { pattern: '^[^:\\u0000-\\u001f\\u007f-\\u009f]{1,255}$' },
)

/** Lines of `htpasswd`: a user, ":" and a hash; empty ones and those that begin with "#" say nothing. */
function parseUserLines(text: string): Parsed<Record<string, string>> {
  const users = new Map<string, string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const at = line.indexOf(':')
    const name = user.parse(line.slice(0, Math.max(at, 0)))
    const place = `line ${index + 1} of it`
    if (!name.ok) return refused(`has no user in ${place}`, 'a line is USER:HASH, as htpasswd -B writes it')
    if (users.has(name.value)) return refused(`names the user of ${place} a second time`)
    const hash = parsePasswordHash(line.slice(at + 1))
    if (!hash.ok) return { ...hash, problem: `has a line, ${place}, whose password ${hash.problem}` }
    users.set(name.value, hash.value)
  }
  return parsed(Object.fromEntries(users))
}

const userLines: Kind<Record<string, string>> = {
  allowed:
    'users with the hashes of their passwords, or the text of a file of htpasswd: ${file:users.htpasswd}',
  json: { type: 'string', writeOnly: true },
  parse: (written) => (typeof written === 'string' ? parseUserLines(written) : refused('holds no users')),
}

export const basicSetting = section('BasicAuthenticatorInput', () => ({
  users: once(() => zod().union([keyed(user, value(passwordHash)), value(userLines)]))().describe(
    'Users with the hashes of their passwords; or the text of a file of htpasswd, as ${file:users.htpasswd}, which is read again when it changes.',
  ),
  groups: keyed(name, list(value(user)))
    .prefault(nothing)
    .describe('Groups of these users, by name, for rules of authorization.'),
  realm: value(
    textKind(
      'a realm',
      'a text in ASCII without quotes and backslashes',
      (written) => (/^[ !#-[\]-~]{1,100}$/.test(written) ? parsed(written) : refused('is not a realm')),
      { pattern: '^[ !#-\\[\\]-~]{1,100}$' },
    ),
    'What people are shown that they log in to.',
  ).prefault('headgate'),
}))

export type BasicConfig = Read<typeof basicSetting>
