import type { Upstream } from '@headgate/core'
import { redactUrls } from '../settings/redact-text.ts'
import { type AdminOperation, json, problem } from './endpoint.ts'
import { FLAG, list, members, oneOf, TEXT, WHOLE } from './schemas.ts'
import { noUpstream, notAsExpected, type UpstreamsSource, upstreamEtag } from './upstream-state.ts'
import { MARKS, UPSTREAM, upstreamView } from './upstream-view.ts'

type Endpoint = Upstream['endpoints'][number]

type Mark = (typeof MARKS)[number]

const CHANGED = members({
  endpoint: TEXT,
  weight: WHOLE,
  marked: oneOf(...MARKS),
  healthy: FLAG,
  status: TEXT,
})

/** Upstreams and their endpoints: how they are, and what is set for them by hand. */
export function upstreamOperations(source: UpstreamsSource): AdminOperation[] {
  return [
    {
      method: 'GET',
      path: '/upstreams',
      about: 'upstreams and their endpoints: status, weight and connections, over all workers',
      description: {
        id: 'listUpstreams',
        result: members({ workers: WHOLE, upstreams: list(members(UPSTREAM)) }),
        answers: { 200: 'the upstreams' },
      },
      async handle() {
        const reports = await source.inspect()
        const upstreams = Array.from(source.upstreams, ([name, { upstream }]) =>
          upstreamView(name, upstream, reports, source),
        )
        return json({ workers: reports.length, upstreams })
      },
    },
    {
      method: 'GET',
      path: '/upstreams/{upstream}',
      about: 'one of them; its ETag is for If-Match of whatever changes it',
      description: {
        id: 'getUpstream',
        result: members({ workers: WHOLE, ...UPSTREAM }),
        etag: true,
        answers: { 200: 'the upstream', 404: 'there is no such upstream' },
      },
      async handle({ params }) {
        const name = params['upstream'] ?? ''
        if (!source.upstreams.has(name)) return noUpstream()
        const reports = await source.inspect()
        // Here again: it may have changed meanwhile, and what is shown must be what the ETag is of.
        const compiled = source.upstreams.get(name)
        if (compiled === undefined) return noUpstream()
        const upstream = upstreamView(name, compiled.upstream, reports, source)
        return json({ workers: reports.length, ...upstream }, { etag: upstreamEtag(compiled, source.checks) })
      },
    },
    {
      method: 'PATCH',
      path: '/upstreams/{upstream}/endpoints/{endpoint}',
      about:
        'mark an endpoint up, draining or down, and set its weight, until the next start or change of its upstream',
      description: {
        id: 'changeEndpoint',
        result: CHANGED,
        body: {
          type: 'object',
          properties: { mark: { enum: MARKS }, weight: { type: 'integer', minimum: 0, maximum: 1000 } },
          additionalProperties: false,
        },
        conditional: 'upstream',
        answers: {
          200: 'how it is now',
          400: 'the body is not as described',
          404: 'there is no such endpoint',
          412: 'the upstream has been changed since',
        },
      },
      handle(request) {
        const { params, body } = request
        const compiled = source.upstreams.get(params['upstream'] ?? '')
        const endpoint = compiled?.upstream.endpointNamed(params['endpoint'] ?? '')
        if (compiled === undefined || endpoint === undefined) {
          return problem(404, 'Not found', 'there is no such endpoint: GET /upstreams lists them')
        }
        const change = readChange(body)
        if (typeof change === 'string') return problem(400, 'Bad request', change)
        const refused = notAsExpected(request, upstreamEtag(compiled, source.checks))
        if (refused !== undefined) return refused
        const before = settings(endpoint)
        if (change.mark !== undefined) endpoint.mark(change.mark)
        if (change.weight !== undefined) endpoint.setWeight(change.weight)
        const { name, weight, marked, healthy, status } = endpoint
        const what = `endpoint ${name} of upstream ${redactUrls(compiled.upstream.name)}`
        return {
          ...json(
            { endpoint: name, weight, marked, healthy, status },
            { etag: upstreamEtag(compiled, source.checks) },
          ),
          change: { what, before, after: settings(endpoint) },
        }
      },
    },
  ]
}

/** What is set for it. */
function settings({ marked, weight }: Endpoint): { readonly mark: Mark; readonly weight: number } {
  return { mark: marked, weight }
}

/** What is to be changed, or what is wrong with it. */
function readChange(body: unknown): { mark?: Mark; weight?: number } | string {
  const wanted =
    'the body must be an object with "mark" (up, draining or down), "weight" (0 to 1000), or both'
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return wanted
  const { mark, weight, ...others } = body as Record<string, unknown>
  if (Object.keys(others).length > 0 || (mark === undefined && weight === undefined)) return wanted
  const known = MARKS.find((each) => each === mark)
  if (mark !== undefined && known === undefined) return wanted
  if (
    weight !== undefined &&
    !(typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= 1000)
  ) {
    return wanted
  }
  return { ...(known !== undefined && { mark: known }), ...(weight !== undefined && { weight }) }
}
