import type { EndpointConfig } from '../config/schema/upstream-schema.ts'
import type { GatewayConfig } from '../config/schema/schema.ts'
import { parseConfig } from '../config/parse.ts'
import { redactUrls } from '../settings/redact-text.ts'
import { resolveUpstreams } from '../config/resolve/upstreams.ts'
import type { EndpointLists } from '../discovery/endpoint-lists.ts'
import { listedName } from '../discovery/listed-endpoint.ts'
import { type AdminAnswer, type AdminOperation, type AdminRequest, json, problem } from './endpoint.ts'
import { noUpstream, notAsExpected, type UpstreamsSource, upstreamEtag } from './upstream-state.ts'
import { FLAG, members, TEXT, WHOLE } from './schemas.ts'

/** What is asked of the supervisor. */
export interface EndpointsSource extends UpstreamsSource {
  readonly config: GatewayConfig
  /** Changes lists in turn with reloads, and has all workers have them. */
  changeEndpoints<Result>(change: (lists: EndpointLists) => Result): Promise<Result>
}

type FixedEndpoint = EndpointConfig & { readonly url: string }

const LASTING = 'until the next start, or a change of its configured endpoints'

/** Endpoints of upstreams, as they are set by hand while the gateway runs. */
export function endpointOperations(source: EndpointsSource): AdminOperation[] {
  return [
    {
      method: 'POST',
      path: '/upstreams/{upstream}/endpoints',
      about: `add an endpoint to an upstream, or change one, ${LASTING}`,
      description: {
        id: 'setEndpoint',
        result: members({ endpoint: TEXT, source: TEXT, weight: WHOLE, priority: WHOLE, 'zone?': TEXT }),
        body: {
          type: 'object',
          description:
            'as in the configuration: url, and weight, priority and zone if they are not the defaults',
          properties: {
            url: { type: 'string' },
            weight: { type: 'integer', minimum: 1, maximum: 1000 },
            priority: { type: 'integer', minimum: 0, maximum: 99 },
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
      },
      handle: (request) => add(source, request),
    },
    {
      method: 'DELETE',
      path: '/upstreams/{upstream}/endpoints/{endpoint}',
      about: `take an endpoint out of an upstream, wherever it comes from, ${LASTING}`,
      description: {
        id: 'removeEndpoint',
        result: members({ endpoint: TEXT, removed: FLAG }),
        conditional: 'upstream',
        answers: {
          200: 'it is gone: what it is at finishes',
          404: 'there is no such endpoint',
          409: 'it is the only one',
          412: 'the upstream has been changed since',
        },
      },
      handle: (request) => remove(source, request),
    },
  ]
}

async function add(source: EndpointsSource, request: AdminRequest): Promise<AdminAnswer> {
  const name = request.params['upstream'] ?? ''
  if (!source.upstreams.has(name)) return noUpstream()
  if (request.body === undefined) return problem(400, 'Bad request', 'the body must be the endpoint, as JSON')
  const endpoint = readEndpoint(name, request.body)
  if ('refused' in endpoint) return endpoint.refused
  return changed(source, request, (lists, before) => {
    const settings = resolveUpstreams(source.config).get(name)
    if (settings === undefined) return noUpstream()
    lists.set(name, settings, endpoint)
    const { weight, priority, zone } = endpoint
    const added = listedName(endpoint)
    const known = before.find((each) => each.name === added)
    const shown = { endpoint: added, source: 'admin', weight, priority, ...(zone && { zone }) }
    return {
      ...json(shown),
      status: known === undefined ? 201 : 200,
      change: {
        what: `endpoint ${added} of upstream ${redactUrls(name)}`,
        ...(known && { before: { weight: known.weight, priority: known.priority } }),
        after: { weight, priority },
      },
    }
  })
}

function remove(source: EndpointsSource, request: AdminRequest): Promise<AdminAnswer> {
  const { upstream: name = '', endpoint = '' } = request.params
  return changed(source, request, (lists, before) => {
    const settings = resolveUpstreams(source.config).get(name)
    if (settings === undefined || !before.some((each) => each.name === endpoint)) {
      return problem(404, 'Not found', 'there is no such endpoint: GET /upstreams lists them')
    }
    if (before.every((each) => each.name === endpoint)) {
      return problem(409, 'Conflict', 'it is the only endpoint: to take it out of service, mark it down')
    }
    lists.remove(name, settings, endpoint)
    const what = `endpoint ${endpoint} of upstream ${redactUrls(name)}`
    return { ...json({ endpoint, removed: true }), change: { what, after: { removed: true } } }
  })
}

type Present = readonly { readonly name: string; readonly weight: number; readonly priority: number }[]

/** Changes the list of an upstream if that is as If-Match says. */
async function changed(
  source: EndpointsSource,
  request: AdminRequest,
  change: (lists: EndpointLists, before: Present) => AdminAnswer,
): Promise<AdminAnswer> {
  const name = request.params['upstream'] ?? ''
  const answer = await source.changeEndpoints((lists) => {
    const compiled = source.upstreams.get(name)
    if (compiled === undefined) return noUpstream()
    return (
      notAsExpected(request, upstreamEtag(compiled, source.checks)) ??
      change(lists, compiled.upstream.endpoints)
    )
  })
  const compiled = source.upstreams.get(name)
  if (answer.status >= 300 || compiled === undefined) return answer
  return { ...answer, headers: { ...answer.headers, etag: upstreamEtag(compiled, source.checks) } }
}

/** An endpoint, checked as one of the configuration is; or what is wrong with it. */
function readEndpoint(upstream: string, body: unknown): FixedEndpoint | { readonly refused: AdminAnswer } {
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
    mistakes.push({
      message: 'an endpoint that is added has a url',
      path: '',
      allowed: 'url',
      hint: undefined,
    })
  }
  const [first] = mistakes
  const where = first === undefined || first.path === '' ? '' : `${first.path}: `
  const detail = `nothing has changed in ${redactUrls(upstream)}: ${where}${first?.message ?? ''}`
  return { refused: problem(422, 'Invalid endpoint', detail, {}, { mistakes }) }
}
