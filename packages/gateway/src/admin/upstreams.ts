import type { EndpointStats } from '@headgate/core'
import { redactUrls } from '../config/redact-urls.ts'
import type { CompiledUpstreams } from '../upstreams.ts'
import type { UpstreamReport } from '../workers/protocol.ts'
import { type AdminOperation, json, problem } from './endpoint.ts'

/** What is asked of the supervisor. */
export interface UpstreamsSource {
  /** They share their state with those of the workers. */
  readonly upstreams: CompiledUpstreams
  /** How the pools of each worker are. */
  inspect(): Promise<UpstreamReport[]>
}

/** What is summed over all workers. */
const SUMS = [
  'active',
  'idle',
  'connecting',
  'pending',
  'opened',
  'closed',
  'reused',
  'failed',
  'ejections',
] as const

const MARKS = ['up', 'draining', 'down'] as const
type Mark = (typeof MARKS)[number]

/** Upstreams and their endpoints: how they are, and what is set for them by hand. */
export function upstreamOperations(source: UpstreamsSource): AdminOperation[] {
  return [
    {
      method: 'GET',
      path: '/upstreams',
      about: 'upstreams and their endpoints: status, weight and connections, over all workers',
      description: { id: 'listUpstreams', answers: { 200: 'the upstreams' } },
      async handle() {
        const reports = await source.inspect()
        const upstreams = Array.from(source.upstreams, ([name, { upstream }]) => ({
          name: redactUrls(name),
          endpoints: upstream.endpoints.map(({ name: endpoint, weight, marked, healthy, status }, index) => ({
            endpoint,
            weight,
            marked,
            healthy,
            // Ejection is each worker's own judgement.
            status: status === 'up' ? statusOf(reports.map((each) => each.get(name)?.[index])) : status,
            ...sums(reports.map((each) => each.get(name)?.[index])),
          })),
        }))
        return json({ workers: reports.length, upstreams })
      },
    },
    {
      method: 'PATCH',
      path: '/upstreams/{upstream}/endpoints/{endpoint}',
      about:
        'mark an endpoint up, draining or down, and set its weight, until the next start or change of its upstream',
      description: {
        id: 'changeEndpoint',
        body: {
          type: 'object',
          properties: { mark: { enum: MARKS }, weight: { type: 'integer', minimum: 0, maximum: 1000 } },
          additionalProperties: false,
        },
        answers: {
          200: 'how it is now',
          400: 'the body is not as described',
          404: 'there is no such endpoint',
        },
      },
      handle({ params, body }) {
        const upstream = source.upstreams.get(params['upstream'] ?? '')?.upstream
        const endpoint = upstream?.endpointNamed(params['endpoint'] ?? '')
        if (endpoint === undefined) {
          return problem(404, 'Not found', 'there is no such endpoint: GET /upstreams lists them')
        }
        const change = readChange(body)
        if (typeof change === 'string') return problem(400, 'Bad request', change)
        if (change.mark !== undefined) endpoint.mark(change.mark)
        if (change.weight !== undefined) endpoint.setWeight(change.weight)
        const { name, weight, marked, healthy, status } = endpoint
        return json({ endpoint: name, weight, marked, healthy, status })
      },
    },
  ]
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

function statusOf(stats: readonly (EndpointStats | undefined)[]): string {
  const ejecting = stats.filter((each) => each?.status === 'ejected').length
  return ejecting > 0 && ejecting === stats.length ? 'ejected' : 'up'
}

function sums(stats: readonly (EndpointStats | undefined)[]): Record<string, number> {
  return Object.fromEntries(
    SUMS.map((name) => [name, stats.reduce((sum, each) => sum + (each?.[name] ?? 0), 0)]),
  )
}
