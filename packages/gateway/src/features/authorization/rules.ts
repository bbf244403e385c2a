import { type Exchange, fact, type Fact } from '@headgate/core'
import { type Identity, identityOf } from '../identity.ts'
import type { GeoLookup } from '../geo/geo-place.ts'
import { conditionsOf, valueTest } from '../match/conditions.ts'
import { allHold } from '../../routing/conditions.ts'
import type { Outcome } from './expression/cel.ts'
import type { AuthorizationConfig, AuthorizationRule } from './setting.ts'
import { compiledExpression } from './expression/expression.ts'
import { timesTest } from './times.ts'

/** What the rules say of a request. */
export interface AuthorizationVerdict {
  readonly isAllowed: boolean
  /** The rule that decided; undefined where none did. */
  readonly rule: string | undefined
  /** Why the expression of a rule said neither that it holds nor that it does not; absent where none failed. */
  readonly failure?: string | undefined
  /** Whether an identity, which the request has not shown, could change it. */
  readonly asksForIdentity: boolean
}

/** That of a request, once it was asked for. */
export const verdictOf: Fact<AuthorizationVerdict> = fact<AuthorizationVerdict>('authorization')

interface CompiledRule {
  readonly name: string
  readonly asksForIdentity: boolean
  /** Or why it cannot be told. */
  readonly holds: (exchange: Exchange) => Outcome
}

/** Denials come before all that is allowed; of each kind, the order of the rules does not matter to the decision. */
export function authorizationRules(
  { allow, deny = [] }: AuthorizationConfig,
  geo: GeoLookup,
): (exchange: Exchange) => AuthorizationVerdict {
  const denials = deny.map((rule, index) => compiled(rule, `deny-${index + 1}`, geo))
  const permissions = allow?.map((rule, index) => compiled(rule, `allow-${index + 1}`, geo))
  return (exchange) => {
    for (const { name, holds } of denials) {
      const outcome = holds(exchange)
      // What cannot be told is not let pass.
      if (outcome !== false)
        return { isAllowed: false, rule: name, asksForIdentity: false, failure: failureOf(outcome) }
    }
    if (permissions === undefined) return { isAllowed: true, rule: undefined, asksForIdentity: false }
    let failure: string | undefined
    for (const { name, holds } of permissions) {
      const outcome = holds(exchange)
      if (outcome === true) return { isAllowed: true, rule: name, asksForIdentity: false }
      failure ??= failureOf(outcome)
    }
    const asksForIdentity =
      identityOf.of(exchange) === undefined && permissions.some((rule) => rule.asksForIdentity)
    return { isAllowed: false, rule: undefined, asksForIdentity, failure }
  }
}

function failureOf(outcome: Outcome): string | undefined {
  return typeof outcome === 'boolean' ? undefined : outcome.failure
}

/** Why a request is allowed or not, for people. */
export function verdictReason(
  { isAllowed, rule, failure }: AuthorizationVerdict,
  { request }: Exchange,
): string {
  const why = failure === undefined ? '' : ` (an expression failed: ${failure})`
  if (rule !== undefined) return `the rule ${rule} ${isAllowed ? 'allows' : 'denies'} it${why}`
  return isAllowed ? 'no rule denies it' : `no rule allows ${request.method} here${why}`
}

/** Their names, as the verdict has them. */
export function ruleNames({ allow = [], deny = [] }: AuthorizationConfig): string[] {
  return [
    ...deny.map(({ name }, index) => name ?? `deny-${index + 1}`),
    ...allow.map(({ name }, index) => name ?? `allow-${index + 1}`),
  ]
}

function compiled(rule: AuthorizationRule, position: string, geo: GeoLookup): CompiledRule {
  const ofIdentity = identityTests(rule)
  const methods = rule.methods && new Set(rule.methods)
  const isNow = rule.times && timesTest(rule.times)
  const conditions = conditionsOf(rule, geo)
  const parameters = Object.entries(rule.params ?? {}).map(([name, match]) => ({
    name,
    test: valueTest(match),
  }))
  const expression = rule.when === undefined ? undefined : compiledExpression(rule.when)
  return {
    name: rule.name ?? position,
    asksForIdentity: ofIdentity.length > 0 || expression?.asksForIdentity === true,
    holds(exchange) {
      if (methods?.has(exchange.request.method) === false) return false
      if (isNow?.(exchange.clock.wallTime()) === false) return false
      if (!allHold(conditions, exchange)) return false
      if (!parameters.every(({ name, test }) => test(parameter(exchange, name)))) return false
      const identity = identityOf.of(exchange)
      if (ofIdentity.length > 0 && !(identity !== undefined && ofIdentity.every((test) => test(identity))))
        return false
      return expression === undefined || expression.outcome(exchange)
    },
  }
}

function parameter({ params }: Exchange, name: string): readonly string[] {
  const value = Object.hasOwn(params, name) ? params[name] : undefined
  return value === undefined ? [] : [value]
}

type IdentityTest = (identity: Identity) => boolean

function identityTests({
  authenticators,
  subjects,
  consumers,
  groups,
  roles,
  scopes,
  claims,
}: AuthorizationRule): IdentityTest[] {
  const tests: IdentityTest[] = []
  if (authenticators !== undefined) tests.push(({ authenticator }) => authenticators.includes(authenticator))
  if (subjects !== undefined) {
    const accepted = new Set(subjects)
    tests.push(({ subject }) => accepted.has(subject))
  }
  if (consumers !== undefined) {
    const accepted = new Set(consumers)
    tests.push(({ consumer }) => consumer !== undefined && accepted.has(consumer))
  }
  if (groups !== undefined) tests.push((identity) => groups.some((each) => identity.groups.includes(each)))
  if (roles !== undefined)
    tests.push(({ claims: known }) => roles.some((each) => claimTexts(known, 'roles').includes(each)))
  if (scopes !== undefined) tests.push((identity) => scopes.every((each) => identity.scopes.includes(each)))
  for (const [name, match] of Object.entries(claims ?? {})) {
    const test = valueTest(match)
    tests.push(({ claims: known }) => test(claimTexts(known, name)))
  }
  return tests
}

/** The texts of a claim: of a list those of its entries. What is no text, number or flag has none. */
function claimTexts(claims: Identity['claims'], name: string): string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value]
  return entries.flatMap((entry) =>
    ['string', 'number', 'boolean'].includes(typeof entry) ? [String(entry)] : [],
  )
}
