import type { GraphqlConfig, GraphqlMatchConfig } from './setting.ts'
import type { Condition } from '../../routing/conditions.ts'
import { type GraphqlOperation, soughtOperation } from './operation.ts'

/** What a match asks of the operation of a GraphQL request. None holds where there is no operation, or none that is known. */
export function graphqlConditions({ operation, name, rootFields }: GraphqlMatchConfig): Condition[] {
  const { any, all } = rootFields ?? {}
  return [
    ...(operation === undefined ? [] : [isOneOf('type', operation, ({ type }) => type)]),
    ...(name === undefined ? [] : [isOneOf('name', name, (found) => found.name)]),
    ...(any === undefined ? [] : [hasSome(any)]),
    ...(all === undefined ? [] : [hasOnly(all)]),
  ]
}

function isOneOf(
  what: string,
  words: readonly string[],
  valueOf: (operation: GraphqlOperation) => string | undefined,
): Condition {
  return condition(`GraphQL operation ${what} is ${listed(words)}`, (operation) => {
    const value = valueOf(operation)
    return value !== undefined && words.includes(value)
  })
}

function hasSome(names: readonly string[]): Condition {
  return condition(`GraphQL root field ${listed(names)} is there`, ({ rootFields }) =>
    names.some((name) => rootFields.has(name)),
  )
}

function hasOnly(names: readonly string[]): Condition {
  const allowed = new Set(names)
  return condition(`GraphQL root fields are ${listed(names)} only`, ({ rootFields }) => {
    for (const name of rootFields) if (!allowed.has(name)) return false
    return true
  })
}

function condition(text: string, test: (operation: GraphqlOperation) => boolean): Condition {
  return {
    text,
    weight: 1,
    holds(subject) {
      const operation = soughtOperation(subject)
      return operation !== undefined && test(operation)
    },
  }
}

function listed(words: readonly string[]): string {
  return words.join(' or ')
}

/** A match, as far as it asks for operations. */
export interface OperationMatch {
  readonly graphql?: GraphqlMatchConfig | undefined
  readonly all?: readonly OperationMatch[] | undefined
  readonly any?: readonly OperationMatch[] | undefined
  readonly not?: OperationMatch | undefined
}

/** A route, as far as it looks at GraphQL. */
export interface GraphqlRoute {
  readonly graphql?: GraphqlConfig | undefined
  readonly match: OperationMatch
}

/** Whether the operation decides about the route. */
export function asksForOperation({ graphql, all = [], any = [], not }: OperationMatch): boolean {
  const inner = [...all, ...any, ...(not === undefined ? [] : [not])]
  return graphql !== undefined || inner.some(asksForOperation)
}

/** Whether what takes the route is judged as GraphQL. */
export function isGraphqlRoute({ graphql, match }: GraphqlRoute): boolean {
  return graphql !== undefined || asksForOperation(match)
}

/** For `excludeEachOther`: whether no operation is both. */
export function operationsExclude(
  one: GraphqlMatchConfig | undefined,
  other: GraphqlMatchConfig | undefined,
): boolean {
  return (
    listsExclude(one?.operation, other?.operation) ||
    listsExclude(one?.name, other?.name) ||
    listsExclude(one?.rootFields?.all, other?.rootFields?.all) ||
    listsExclude(one?.rootFields?.all, other?.rootFields?.any) ||
    listsExclude(one?.rootFields?.any, other?.rootFields?.all)
  )
}

function listsExclude(one: readonly string[] | undefined, other: readonly string[] | undefined): boolean {
  return one !== undefined && other !== undefined && !one.some((each) => other.includes(each))
}
