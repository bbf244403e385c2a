import { MAX_PRIORITY, MAX_WEIGHT, type Upstream } from '@headgate/core'
import {
  type AdminAnswer,
  type AdminOperation,
  type AdminRequest,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import { type Described, FLAG, members, oneOf, TEXT, WHOLE } from '../admin-api/schema.ts'
import { parseConfig } from '../config/parse.ts'
import { redactUrls } from '../settings/redact-text.ts'
import { resolveUpstreams } from '../config/upstreams.ts'
import type { EndpointConfig } from '../config/schema/upstream-schema.ts'
import type { EndpointLists } from '../discovery/endpoint-lists.ts'
import { listedName } from '../discovery/listed-endpoint.ts'
import type { SurveySource } from '../surveys/survey.ts'
import { MARKS, notAsExpected, noUpstream, upstreamEtag } from '../surveys/upstreams.ts'

/** What is asked of the supervisor. */
export interface EndpointsSource extends Pick<SurveySource, 'config' | 'upstreams' | 'checks'> {
  /** Changes lists in turn with reloads, and has all workers have them. */
  changeEndpoints<Result>(change: (lists: EndpointLists) => Result): Promise<Result>
}

type Endpoint = Upstream['endpoints'][number]
type Mark = (typeof MARKS)[number]
type FixedEndpoint = EndpointConfig & { readonly url: string }

const CHANGED = members({
  endpoint: TEXT,
  weight: WHOLE,
  marked: oneOf(...MARKS),
  healthy: FLAG,
  status: TEXT,
})
const SET = members({ endpoint: TEXT, source: TEXT, weight: WHOLE, priority: WHOLE, 'zone?': TEXT })
const REMOVED = members({ endpoint: TEXT, removed: FLAG })

export type ChangedEndpoint = Described<typeof CHANGED>
export type SetEndpoint = Described<typeof SET>

const LASTING = 'until the next start, or a change of its configured endpoints'

/** Endpoints of upstreams, and what is set for them by hand while the gateway runs. */
export function endpointOperations(source: EndpointsSource): AdminOperation[] {
  return [
    operation({
      method: 'PATCH',
      path: '/upstreams/{upstream}/endpoints/{endpoint}',
      about:
        'mark an endpoint up, draining or down, and set its weight, until the next start or change of its upstream',
      id: 'changeEndpoint',
      result: CHANGED,
      body: {
        type: 'object',
        properties: { mark: { enum: MARKS }, weight: { type: 'integer', minimum: 0, maximum: MAX_WEIGHT } },
        additionalProperties: false,
      },
      conditional: 'upstream',
      answers: {
        200: 'how it is now',
        400: 'the body is not as described',
        404: 'there is no such endpoint',
        412: 'the upstream has been changed since',
      },
      handle: (request) => change(source, request),
    }),
    operation({
      method: 'POST',
      path: '/upstreams/{upstream}/endpoints',
      about: `add an endpoint to an upstream, or change one, ${LASTING}`,
      id: 'setEndpoint',
      result: SET,
      body: {
        type: 'object',
        description:
          'as in the configuration: url, and weight, priority and zone if they are not the defaults',
        properties: {
          url: { type: 'string' },
          weight: { type: 'integer', minimum: 1, maximum: MAX_WEIGHT },
          priority: { type: 'integer', minimum: 0, maximum: MAX_PRIORITY },
          zone: { type: 'string' },
        },
        required: ['url'],
        additionalProperties: false,
      },
      conditional: 'upstream',
      answers: {
        200: 'it was there, and is as told now',
        201: 'it was added',
        400: 'the body is missing',
        404: 'there is no such upstream',
        412: 'the upstream has been changed since',
        422: 'there are mistakes in it, which are named; nothing has changed',
      },
      handle: (request) => add(source, request),
    }),
    operation({
      method: 'DELETE',
      path: '/upstreams/{upstream}/endpoints/{endpoint}',
      about: `take an endpoint out of an upstream, wherever it comes from, ${LASTING}`,
      id: 'removeEndpoint',
      result: REMOVED,
      conditional: 'upstream',
      answers: {
        200: 'it is gone: what it is at finishes',
        404: 'there is no such endpoint',
        409: 'it is the only one',
        412: 'the upstream has been changed since',
      },
      handle: (request) => remove(source, request),
    }),
  ]
}

function change(source: EndpointsSource, request: AdminRequest): AdminAnswer<ChangedEndpoint> {
  const { params, body } = request
  const compiled = source.upstreams.get(params['upstream'] ?? '')
  const endpoint = compiled?.upstream.endpointNamed(params['endpoint'] ?? '')
  if (compiled === undefined || endpoint === undefined) {
    return problem(404, 'Not found', 'there is no such endpoint: GET /upstreams lists them')
  }
  const wanted = readChange(body)
  if (typeof wanted === 'string') return problem(400, 'Bad request', wanted)
  const refused = notAsExpected(request, upstreamEtag(compiled, source.checks))
  if (refused !== undefined) return refused
  const before = settings(endpoint)
  if (wanted.mark !== undefined) endpoint.mark(wanted.mark)
  if (wanted.weight !== undefined) endpoint.setWeight(wanted.weight)
  const { name, weight, marked, healthy, status } = endpoint
  const what = `endpoint ${name} of upstream ${redactUrls(compiled.upstream.name)}`
  return json(
    { endpoint: name, weight, marked, healthy, status },
    {
      etag: upstreamEtag(compiled, source.checks),
      change: { what, before, after: settings(endpoint) },
    },
  )
}

/** What is set for it. */
function settings({ marked, weight }: Endpoint): { readonly mark: Mark; readonly weight: number } {
  return { mark: marked, weight }
}

/** What is to be changed, or what is wrong with it. */
function readChange(body: unknown): { mark?: Mark; weight?: number } | string {
  const wanted = `the body must be an object with "mark" (up, draining or down), "weight" (0 to ${MAX_WEIGHT}), or both`
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return wanted
  const { mark, weight, ...others } = body as Record<string, unknown>
  if (Object.keys(others).length > 0 || (mark === undefined && weight === undefined)) return wanted
  const known = MARKS.find((each) => each === mark)
  if (mark !== undefined && known === undefined) return wanted
  if (
    weight !== undefined &&
    !(typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= MAX_WEIGHT)
  ) {
    return wanted
  }
  return { ...(known !== undefined && { mark: known }), ...(weight !== undefined && { weight }) }
}

async function add(source: EndpointsSource, request: AdminRequest): Promise<AdminAnswer<SetEndpoint>> {
  const name = request.params['upstream'] ?? ''
  if (!source.upstreams.has(name)) return noUpstream()
  if (request.body === undefined) return problem(400, 'Bad request', 'the body must be the endpoint, as JSON')
  const endpoint = readEndpoint(name, request.body)
  if ('refused' in endpoint) return endpoint.refused
  return listChanged(source, request, (lists, before) => {
    const configured = resolveUpstreams(source.config).get(name)
    if (configured === undefined) return noUpstream()
    lists.set(name, configured, endpoint)
    const { weight, priority, zone } = endpoint
    const added = listedName(endpoint)
    const known = before.find((each) => each.name === added)
    return json(
      { endpoint: added, source: 'admin', weight, priority, ...(zone && { zone }) },
      {
        status: known === undefined ? 201 : 200,
        change: {
          what: `endpoint ${added} of upstream ${redactUrls(name)}`,
          ...(known && { before: { weight: known.weight, priority: known.priority } }),
          after: { weight, priority },
        },
      },
    )
  })
}

function remove(
  source: EndpointsSource,
  request: AdminRequest,
): Promise<AdminAnswer<Described<typeof REMOVED>>> {
  const { upstream: name = '', endpoint = '' } = request.params
  return listChanged(source, request, (lists, before) => {
    const configured = resolveUpstreams(source.config).get(name)
    if (configured === undefined || !before.some((each) => each.name === endpoint)) {
      return problem(404, 'Not found', 'there is no such endpoint: GET /upstreams lists them')
    }
    if (before.every((each) => each.name === endpoint)) {
      return problem(409, 'Conflict', 'it is the only endpoint: to take it out of service, mark it down')
    }
    lists.remove(name, configured, endpoint)
    const what = `endpoint ${endpoint} of upstream ${redactUrls(name)}`
    return json({ endpoint, removed: true }, { change: { what, after: { removed: true } } })
  })
}

type Present = readonly { readonly name: string; readonly weight: number; readonly priority: number }[]

/** Changes the list of an upstream if that is as If-Match says. */
async function listChanged<Result>(
  source: EndpointsSource,
  request: AdminRequest,
  apply: (lists: EndpointLists, before: Present) => AdminAnswer<Result>,
): Promise<AdminAnswer<Result>> {
  const name = request.params['upstream'] ?? ''
  const answer = await source.changeEndpoints((lists): AdminAnswer<Result> => {
    const compiled = source.upstreams.get(name)
    if (compiled === undefined) return noUpstream()
    return (
      notAsExpected(request, upstreamEtag(compiled, source.checks)) ??
      apply(lists, compiled.upstream.endpoints)
    )
  })
  const compiled = source.upstreams.get(name)
  if (answer.status >= 300 || compiled === undefined) return answer
  return { ...answer, headers: { ...answer.headers, etag: upstreamEtag(compiled, source.checks) } }
}

/** An endpoint, checked as one of the configuration is; or what is wrong with it. */
function readEndpoint(
  upstream: string,
  body: unknown,
): FixedEndpoint | { readonly refused: AdminAnswer<never> } {
  const result = parseConfig({ upstreams: { new: { endpoints: [body] } }, routes: [{ upstream: 'new' }] })
  const place = 'upstreams.new.endpoints[0]'
  const problems = result.ok ? [] : result.problems
  const endpoint = result.ok ? result.config.upstreams['new']?.endpoints[0] : undefined
  if (endpoint?.url !== undefined) return { ...endpoint, url: endpoint.url }
  const mistakes = problems.map(({ message, path, allowed, hint }) => ({
    message,
    path: path.replace(place, '').replace(/^\./, ''),
    allowed,
    hint,
  }))
  if (endpoint !== undefined) {
    const message = 'an endpoint that is added has a url'
    mistakes.push({ message, path: '', allowed: 'url', hint: undefined })
  }
  const [first] = mistakes
  const where = first === undefined || first.path === '' ? '' : `${first.path}: `
  const detail = `nothing has changed in ${redactUrls(upstream)}: ${where}${first?.message ?? ''}`
  return { refused: problem(422, 'Invalid endpoint', detail, {}, { mistakes }) }
}
