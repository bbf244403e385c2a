import type { Condition } from '../../routing/conditions.ts'
import { once } from '../../settings/schema/library.ts'
import { oneOrMore } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { anyText, type Kind, textKind } from '../../settings/values/kinds.ts'
import { parsed, refused } from '../../settings/values/parsed.ts'
import { nameTest } from '../grpc/conditions.ts'
import { type ClientCertificate, clientCertificate } from './client-certificate.ts'

const fingerprint: Kind<string> = textKind(
  'a fingerprint',
  'the SHA-256 of the certificate in 64 hexadecimal digits, with or without colons',
  (written) => {
    const digits = written.replaceAll(':', '').toLowerCase()
    return /^[0-9a-f]{64}$/.test(digits) ? parsed(digits) : refused('is not a fingerprint')
  },
  { pattern: '^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$' },
)

/** Described once, as `$defs/clientCertificateMatch`: it stands in each match. */
export const clientCertificateMatch = once(() =>
  section('ClientCertificateMatchInput', () => ({
    uri: oneOrMore(
      anyText,
      'URIs that it is made out to (SPIFFE ids among them), of which one must match: `*` stands for any text without a slash, `**` at the end for all that follows.',
    ).optional(),
    dns: oneOrMore(
      anyText,
      'DNS names that it is made out to, of which one must match: `*` stands for any text without a dot.',
    ).optional(),
    email: oneOrMore(
      anyText,
      'E-mail addresses that it is made out to, of which one must match: `*` stands for any text without "@".',
    ).optional(),
    subject: oneOrMore(anyText, 'Its whole subject, as CN=orders, or O=Shop, CN=orders.').optional(),
    issuer: oneOrMore(anyText, 'The whole subject of the authority that has signed it.').optional(),
    fingerprint: oneOrMore(fingerprint, 'The SHA-256 of the certificate, in hex.').optional(),
  }))().meta({ id: 'clientCertificateMatch' }),
)

export type ClientCertificateMatchConfig = Read<typeof clientCertificateMatch>

/** What a match asks of the certificate of the client. None holds for who has shown none. */
export function clientCertificateConditions(match: ClientCertificateMatchConfig): Condition[] {
  const { uri, dns, email, subject, issuer, fingerprint: fingerprints } = match
  const conditions = [
    ...named('URI', uri, '/', ({ names }) => names.uri),
    ...named(
      'DNS name',
      dns?.map((each) => each.toLowerCase()),
      '.',
      ({ names }) => names.dns,
    ),
    ...named('e-mail address', email, '@', ({ names }) => names.email),
    ...exactly('subject', subject, (certificate) => certificate.subject),
    ...exactly('issuer', issuer, (certificate) => certificate.issuer),
    ...exactly('fingerprint', fingerprints, (certificate) => certificate.fingerprint),
  ]
  return conditions.length > 0 ? conditions : [condition('the client has shown a certificate', () => true)]
}

function named(
  what: string,
  patterns: readonly string[] | undefined,
  separator: string,
  namesOf: (certificate: ClientCertificate) => readonly string[],
): Condition[] {
  if (patterns === undefined) return []
  const tests = patterns.map((pattern) => partsTest(pattern, separator))
  const text = `a ${what} of the client's certificate is ${patterns.join(' or ')}`
  return [
    condition(text, (certificate) => namesOf(certificate).some((name) => tests.some((test) => test(name)))),
  ]
}

function exactly(
  what: string,
  values: readonly string[] | undefined,
  valueOf: (certificate: ClientCertificate) => string,
): Condition[] {
  if (values === undefined) return []
  const accepted = new Set(values)
  const text = `the ${what} of the client's certificate is ${values.join(' or ')}`
  return [condition(text, (certificate) => accepted.has(valueOf(certificate)))]
}

function condition(text: string, test: (certificate: ClientCertificate) => boolean): Condition {
  return {
    text,
    weight: 1,
    holds(subject) {
      const certificate = clientCertificate.of(subject)
      return certificate !== undefined && test(certificate)
    },
  }
}

const REST = '**'

/** A name is compared part by part: `*` reaches no further than its part, so that no name passes for one deeper or wider. */
export function partsTest(pattern: string, separator: string): (name: string) => boolean {
  const parts = pattern.split(separator)
  const isOpen = parts.at(-1) === REST
  const tests = (isOpen ? parts.slice(0, -1) : parts).map(partTest)
  return (name) => {
    const found = name.split(separator)
    if (isOpen ? found.length <= tests.length : found.length !== tests.length) return false
    return tests.every((test, index) => test(found[index] ?? ''))
  }
}

/** The wildcard is for some text. */
function partTest(pattern: string): (part: string) => boolean {
  const test = nameTest(pattern)
  return (part) => (part !== '' || pattern === '') && test(part)
}
