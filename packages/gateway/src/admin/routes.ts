import { createHash } from 'node:crypto'
import {
  type AdminAnswer,
  type AdminOperation,
  type AdminRequest,
  ifHash,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import { type Described, elsewhere, list, map, members, TEXT, WHOLE } from '../admin-api/schema.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { type ShownConfig, shownExpanded } from '../config/shown.ts'
import { type NamedPolicy, routePolicies } from '../explain/explained-policies.ts'
import {
  changedWeights,
  type CompiledSplit,
  type CompiledSplits,
  MOST_WEIGHT,
  type SplitWeights,
  switchedTo,
} from '../features/split/split-weights.ts'

type ShownRoute = ShownConfig['routes'][number]
/** A route as one would write it, and what is true of it by now. */
type LiveRoute = Omit<ShownRoute, 'split'> & {
  readonly split?:
    | (Partial<NonNullable<ShownRoute['split']>> & { readonly present?: SplitWeights['byName'] })
    | undefined
  /** Outermost first. */
  readonly policies: readonly NamedPolicy[] | undefined
}

const ROUTES = members({ routes: list(elsewhere<LiveRoute>()) })
const SPLIT = members({ route: TEXT, weights: map(WHOLE), configured: map(WHOLE), 'before?': map(WHOLE) })

export type RoutesAnswer = Described<typeof ROUTES>
export type SplitAnswer = Described<typeof SPLIT>

/** What is asked of the supervisor. */
export interface RoutesSource {
  readonly config: GatewayConfig
  /** They share their weights with those of the workers. */
  readonly splits: CompiledSplits
}

const ANSWERS = {
  200: 'the weights as they are now, and as they were; with an ETag',
  400: 'the body is not as described, names an upstream that the split does not have, or leaves no weight above 0',
  404: 'there is no such route, or it splits nothing',
  412: 'the weights are not those that If-Match says',
}

const PATH = '/routes/{route}/split'

/** The routes; and how they split traffic: seen, changed in all workers at once, and switched. */
export function routeOperations(source: RoutesSource): AdminOperation[] {
  return [
    operation({
      method: 'GET',
      path: '/routes',
      about:
        'the routes in force, in the order in which they are configured, with the policies that each has, outermost first, and ' +
        'the weights that splits have by now',
      id: 'listRoutes',
      result: ROUTES,
      answers: { 200: 'the routes' },
      handle: () => json({ routes: liveRoutes(source) }),
    }),
    operation({
      method: 'GET',
      path: PATH,
      about: 'how a route splits its traffic: the weights that count, and those of the configuration',
      id: 'getSplit',
      result: SPLIT,
      etag: true,
      answers: { 200: 'the weights; with an ETag', 404: ANSWERS[404] },
      handle: (request) => withSplit(source, request, (split) => answer(request, split)),
    }),
    operation({
      method: 'PATCH',
      path: PATH,
      about: 'change weights of a split, in all workers at once, until the next start or change of the split',
      id: 'changeSplit',
      result: SPLIT,
      conditional: 'split',
      body: {
        type: 'object',
        properties: {
          weights: {
            type: 'object',
            description: 'by upstream; those that are left out keep theirs',
            additionalProperties: { type: 'integer', minimum: 0, maximum: MOST_WEIGHT },
          },
        },
        required: ['weights'],
        additionalProperties: false,
      },
      answers: ANSWERS,
      handle: (request) =>
        withSplit(source, request, (split) => {
          const wanted = member(request.body, 'weights')
          return change(request, split, () => changedWeights(split.weights, wanted))
        }),
    }),
    operation({
      method: 'DELETE',
      path: PATH,
      about: 'give a split the weights of the configuration again',
      id: 'resetSplit',
      result: SPLIT,
      conditional: 'split',
      answers: { 200: ANSWERS[200], 404: ANSWERS[404], 412: ANSWERS[412] },
      handle: (request) =>
        withSplit(source, request, (split) => change(request, split, () => split.weights.configured)),
    }),
    operation({
      method: 'POST',
      path: '/routes/{route}/switch',
      about: 'send all traffic of a split to one of its upstreams, at once',
      id: 'switchSplit',
      result: SPLIT,
      conditional: 'split',
      body: {
        type: 'object',
        properties: { to: { type: 'string', description: 'the name of the upstream' } },
        required: ['to'],
        additionalProperties: false,
      },
      answers: ANSWERS,
      handle: (request) =>
        withSplit(source, request, (split) =>
          change(request, split, () => switchedTo(split.weights, member(request.body, 'to'))),
        ),
    }),
  ]
}

function liveRoutes({ config, splits }: RoutesSource): LiveRoute[] {
  const policies = routePolicies(config)
  return shownExpanded(config).routes.map((route, index) => {
    const weights = splits.get(route.name ?? '')?.weights
    return {
      ...route,
      ...(weights && { split: { ...route.split, present: weights.byName } }),
      policies: policies.get(config.routes[index]?.name ?? ''),
    }
  })
}

function withSplit(
  { splits }: RoutesSource,
  { params }: AdminRequest,
  handle: (split: CompiledSplit) => AdminAnswer<SplitAnswer>,
): AdminAnswer<SplitAnswer> {
  const split = splits.get(params['route'] ?? '')
  if (split !== undefined) return handle(split)
  const names = [...splits.keys()]
  const known = names.length === 0 ? 'no route has one' : `routes with one: ${names.join(', ')}`
  return problem(404, 'Not found', `there is no route of that name with a split; ${known}`)
}

function change(
  request: AdminRequest,
  split: CompiledSplit,
  wanted: () => readonly number[] | string,
): AdminAnswer<SplitAnswer> {
  const { weights } = split
  const expected = ifHash(request)
  if (expected !== undefined && expected !== hashOf(split)) {
    const detail = `the weights are ${shown(weights)}, with ETag ${etagOf(split)}`
    return problem(412, 'Precondition failed', detail, { etag: etagOf(split) })
  }
  const next = wanted()
  if (typeof next === 'string') return problem(400, 'Bad request', `nothing has changed: ${next}`)
  const before = weights.byName
  weights.change(next)
  const what = `split of route ${request.params['route']}`
  return { ...answer(request, split, before), change: { what, before, after: weights.byName } }
}

function answer(
  { params }: AdminRequest,
  split: CompiledSplit,
  before?: Readonly<Record<string, number>>,
): AdminAnswer<SplitAnswer> {
  const { weights } = split
  const configured = Object.fromEntries(
    weights.names.map((name, index) => [name, weights.configured[index] ?? 0]),
  )
  const shares = { route: params['route'] ?? '', weights: weights.byName, configured, before }
  return json(shares, { etag: etagOf(split) })
}

function shown({ byName }: SplitWeights): string {
  return Object.entries(byName)
    .map(([name, weight]) => `${name} ${weight}`)
    .join(', ')
}

/** Of the weights themselves: whoever changes them back has changed nothing that another caller must know of. */
function hashOf({ identity, weights }: CompiledSplit): string {
  const text = JSON.stringify([identity, weights.present])
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function etagOf(split: CompiledSplit): string {
  return `"${hashOf(split)}"`
}

/** Undefined where the body is not an object with that member alone. */
function member(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const { [name]: value, ...others } = body as Record<string, unknown>
  return Object.keys(others).length === 0 ? value : undefined
}
