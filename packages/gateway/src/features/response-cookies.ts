import type { HeaderList, Policy } from '@headgate/core'
import { once, zod } from '../settings/schema/library.ts'
import { list } from '../settings/schema/list.ts'
import { type Read, section } from '../settings/schema/section.ts'
import { boolean, off, oneOf, value } from '../settings/schema/setting.ts'
import { type Kind, textKind } from '../settings/values/kinds.ts'
import { parsed, refused } from '../settings/values/parsed.ts'
import type { ExchangeRow, Route } from './layer.ts'

const COOKIE_PATTERN = /^(?=.)[^\s;=,*]*\*?$/

/** A name of cookies; `*` at its end stands for any rest. */
const cookiePattern: Kind<string> = textKind(
  'the name of a cookie',
  'the name of a cookie, "*" at its end for any rest: session*',
  (written) => (COOKIE_PATTERN.test(written) ? parsed(written) : refused('is not the name of a cookie')),
  { pattern: COOKIE_PATTERN.source },
)

const rule = section('ResponseCookiesInput', () => ({
  names: list(value(cookiePattern)).min(1).prefault(['*']).describe('Which cookies, such as session*.'),
  except: list(value(cookiePattern)).prefault([]).describe('Which of them are left as they are.'),
  secure: boolean('Adds Secure: browsers send them over TLS alone, and take them over TLS alone.', true),
  httpOnly: boolean('Adds HttpOnly: scripts cannot read them.', true),
  sameSite: zod()
    .union([off(), oneOf(['none', 'lax', 'strict'])])
    .prefault('lax')
    .describe(
      'Adds SameSite, or makes it stricter: whether other sites have them sent along; off: left as it is.',
    ),
}))

type CookieRule = Read<typeof rule>
export type ResponseCookiesConfig = readonly CookieRule[]

/** True for all cookies and the defaults, a section, or several of which the first that names a cookie counts. */
export const responseCookiesSetting = once(() =>
  zod().union([
    off(),
    zod()
      .literal(true)
      .transform((): ResponseCookiesConfig => [rule().parse({})]),
    rule().transform((one): ResponseCookiesConfig => [one]),
    list(rule()).min(1),
  ]),
)

export const responseCookiesLayer: ExchangeRow<{
  readonly route: Route<'responseCookies', ResponseCookiesConfig | false>
}> = {
  name: 'responseCookies',
  once: 'exchange',
  about: 'hardens the cookies that responses set',
  build: ({ route }) => (route.responseCookies ? responseCookies(route.responseCookies) : undefined),
  tells: ({ route }) => route.responseCookies || undefined,
}

function responseCookies(config: ResponseCookiesConfig): Policy {
  const rules = config.map((each) => {
    const [isNamed, isExcepted] = [namesTest(each.names), namesTest(each.except)]
    return { rule: each, holds: (name: string) => isNamed(name) && !isExcepted(name) }
  })
  const harden = (line: string): string => {
    const name = cookieName(line)
    const found = rules.find(({ holds }) => holds(name))
    return found === undefined ? line : hardened(line, found.rule)
  }
  return (next) =>
    function responseCookies(exchange) {
      return next(exchange).then((response) => {
        if (response.headers.has('set-cookie')) hardenAll(response.headers, harden)
        return response
      })
    }
}

/** Each line is a cookie of its own: joined by commas, none of them could be read (RFC 9110 5.3). */
function hardenAll(headers: HeaderList, harden: (line: string) => string): void {
  const lines = headers.getAll('set-cookie')
  headers.delete('set-cookie')
  for (const line of lines) headers.add('set-cookie', harden(line))
}

function namesTest(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set(patterns.filter((each) => !each.endsWith('*')))
  const starts = patterns.filter((each) => each.endsWith('*')).map((each) => each.slice(0, -1))
  return (name) => exact.has(name) || starts.some((start) => name.startsWith(start))
}

/** Before the first "=" of the first part; a cookie without one has no name (RFC 6265bis 5.6). */
function cookieName(line: string): string {
  const [pair = ''] = line.split(';', 1)
  const equals = pair.indexOf('=')
  return equals < 0 ? '' : pair.slice(0, equals).trim()
}

/** Longer values of attributes are passed over (RFC 6265bis 5.6). */
const LONGEST_ATTRIBUTE = 1024
/** What is none of these counts as if it were not there. */
const STRICTNESS = ['none', 'lax', 'strict'] as const

/** The line of a cookie with what it lacks, read as browsers do: of several attributes of a name, the last one counts. */
export function hardened(
  line: string,
  { secure, httpOnly, sameSite }: Omit<CookieRule, 'names' | 'except'>,
): string {
  const [pair = '', ...written] = line.split(';')
  const attributes = written.map((text) => {
    const equals = text.indexOf('=')
    const name = (equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase()
    const content = equals < 0 ? '' : text.slice(equals + 1).trim()
    return { text, name, content, counts: content.length <= LONGEST_ATTRIBUTE }
  })
  const has = (wanted: string): boolean => attributes.some(({ name, counts }) => counts && name === wanted)
  const own = attributes.findLast(({ name, counts }) => counts && name === 'samesite')?.content.toLowerCase()
  const isStricter =
    sameSite !== false && STRICTNESS.indexOf(sameSite) > STRICTNESS.findIndex((word) => word === own)
  const kept = isStricter ? attributes.filter(({ name }) => name !== 'samesite') : attributes
  return [
    pair,
    ...kept.map(({ text }) => text),
    ...(secure && !has('secure') ? [' Secure'] : []),
    ...(httpOnly && !has('httponly') ? [' HttpOnly'] : []),
    ...(isStricter ? [` SameSite=${sameSite[0]?.toUpperCase()}${sameSite.slice(1)}`] : []),
  ].join(';')
}
