import { type Fields, fieldOf, fieldsOf, isFields, listOf, textsOf } from '../../settings/problems/fields.ts'
import { findEach, type Finding, type Path } from '../../settings/problems/problem.ts'
import { meant, nearestFirst, someOf } from '../../settings/problems/suggest.ts'
import { oneOfKeys } from '../../settings/schema/schema-tree.ts'
import type { SectionRules } from '../layer.ts'
import { externalChecks, externalRules } from './external/checks.ts'
import { signatureChecks, signatureKeyRules } from './signature/checks.ts'
import { SYMMETRIC } from './jwt/setting.ts'
import type { TrustingConfig } from '../client-certificates/authorities.ts'
import { clientDemands } from '../client-certificates/setting.ts'
import { type AuthenticatedGateway, type AuthenticatedRoute, hasAuthentication, KINDS } from './setting.ts'

const BOTH = ['anyOf', 'allOf']
const KEYS = ['jwks', 'keys', 'secret']

/** An authenticator is of one kind, and tokens have keys of one source. */
export const authenticatorRules: readonly SectionRules[] = [
  { at: [], rules: [oneOfKeys(KINDS)] },
  { at: ['jwt'], rules: [oneOfKeys(KEYS)] },
  { at: ['external'], rules: externalRules },
  { at: ['signature', 'keys', '*'], rules: signatureKeyRules },
]

export const routeAuthenticationRules: readonly SectionRules[] = [
  { at: [], rules: [{ anyOf: [{ not: { type: 'object' } }, oneOfKeys(BOTH)] }] },
]

/** Routes that ask nobody who they are, in a configuration where others do, and do not say that this is meant. */
export function openRoutes(routes: readonly AuthenticatedRoute[]): number[] {
  if (!routes.some(hasAuthentication)) return []
  return routes.flatMap(({ authentication }, index) => (authentication === undefined ? [index] : []))
}

/** Authenticators that wait for certificates which no listener asks clients for. */
export function uncertified({ authenticators, listeners }: AuthenticatedGateway & TrustingConfig): Finding[] {
  const asks = listeners.some(({ tls }) =>
    [...clientDemands(tls?.clientCertificates).values()].some((demand) => demand !== undefined),
  )
  return Object.entries(authenticators).flatMap(([name, { clientCertificate }]): Finding[] => {
    if (clientCertificate === undefined || asks) return []
    const problem = 'knows nobody: no listener asks clients for certificates'
    return [{ path: ['authenticators', name, 'clientCertificate'], whole: true, problem, hint: CERTIFIED }]
  })
}

const CERTIFIED = 'tls: { clientCertificates: { ca: clients.pem } } of a listener asks for them'

/** What no value shows alone. Looks at the configuration as it was written, as cross-checks.ts does. */
export function authenticationChecks(input: Fields): Finding[] {
  const authenticators = Object.entries(fieldsOf(input['authenticators']))
  const names = authenticators.map(([name]) => name)
  const upstreams = Object.keys(fieldsOf(input['upstreams']))
  const sections: (readonly [unknown, Path])[] = [
    [input['defaults'], ['defaults']],
    ...Object.entries(fieldsOf(input['groups'])).map(([name, group]) => [group, ['groups', name]] as const),
    ...listOf(input['routes']).map((route, index) => [route, ['routes', index]] as const),
  ]
  return [
    ...findEach(authenticators, ([name, written]) => kindChecks(written, ['authenticators', name])),
    ...findEach(authenticators, ([name, written]) =>
      externalChecks(fieldOf(written, 'external'), ['authenticators', name, 'external'], upstreams),
    ),
    ...findEach(authenticators, ([name, written]) =>
      signatureChecks(fieldOf(written, 'signature'), ['authenticators', name, 'signature']),
    ),
    ...findEach(sections, ([section, path]) => [
      ...referenceChecks(fieldOf(section, 'authentication'), [...path, 'authentication'], names),
      ...ruleChecks(fieldOf(section, 'authorization'), [...path, 'authorization'], names),
    ]),
  ]
}

/** The authenticators that rules of authorization name. */
function ruleChecks(written: unknown, path: Path, known: readonly string[]): Finding[] {
  return ['allow', 'deny'].flatMap((kind) => {
    const rules = fieldOf(written, kind)
    const isList = Array.isArray(rules)
    return findEach(isList ? (rules as readonly unknown[]) : [rules], (rule, index) => {
      const place = [...path, kind, ...(isList ? [index] : []), 'authenticators']
      return nameChecks(fieldOf(rule, 'authenticators'), place, known)
    })
  })
}

function kindChecks(written: unknown, path: Path): Finding[] {
  if (!isFields(written)) return []
  const kinds = KINDS.filter((kind) => written[kind] !== undefined)
  if (kinds.length === 1) return keyChecks(fieldOf(written, 'jwt'), [...path, 'jwt'])
  const problem =
    kinds.length === 0 ? 'does not say how callers prove who they are' : `has both "${kinds.join('" and "')}"`
  return [{ path, part: 'key', problem, allowed: `one of ${KINDS.join(', ')}` }]
}

/** A token is verified with keys of one source, in ways that fit them: a public key is no secret (RFC 8725 2.1). */
function keyChecks(written: unknown, path: Path): Finding[] {
  if (!isFields(written)) return []
  const sources = KEYS.filter((key) => written[key] !== undefined)
  const allowed = `one of ${KEYS.join(', ')}`
  if (sources.length === 0)
    return [{ path, part: 'key', problem: 'has no keys to verify tokens with', allowed }]
  if (sources.length > 1)
    return [{ path, part: 'key', problem: `has both "${sources.join('" and "')}"`, allowed }]
  const isSecret = sources[0] === 'secret'
  return findEach(listOf(written['algorithms']), (algorithm, index): Finding[] => {
    if (typeof algorithm !== 'string' || SYMMETRIC.some((each) => each === algorithm) === isSecret) return []
    const problem = isSecret
      ? 'is for keys of two parts, and there is a secret'
      : 'is for a secret, and there are public keys'
    return [{ path: [...path, 'algorithms', index], problem }]
  })
}

function referenceChecks(written: unknown, path: Path, known: readonly string[]): Finding[] {
  const form = isFields(written) ? BOTH.filter((key) => written[key] !== undefined) : undefined
  if (form !== undefined && form.length !== 1) {
    const problem = form.length === 0 ? 'names no authenticator' : 'has both "anyOf" and "allOf"'
    return [{ path, problem, allowed: 'one of anyOf and allOf' }]
  }
  const [key] = form ?? []
  const names = key === undefined ? written : fieldOf(written, key)
  return nameChecks(names, key === undefined ? path : [...path, key], known)
}

function nameChecks(names: unknown, place: Path, known: readonly string[]): Finding[] {
  return findEach(textsOf(names), (name, index): Finding[] => {
    if (known.includes(name) || name === 'off') return []
    return [
      {
        path: Array.isArray(names) ? [...place, index] : place,
        problem: 'is not the name of an authenticator',
        allowed: () =>
          `the name of one of authenticators (${someOf(nearestFirst(name, known)) || 'none is defined'})`,
        hint: () => meant(name, known),
      },
    ]
  })
}
