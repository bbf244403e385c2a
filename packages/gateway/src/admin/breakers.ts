import { redactUrls } from '../settings/redact-text.ts'
import { type CircuitChange, type CircuitReport, hasCircuit } from '../upstreams/circuit-report.ts'
import type { CompiledUpstreams } from '../upstreams/upstreams.ts'
import type { BreakerControl } from '../workers/breaker-control.ts'
import type { Surveyed } from '../workers/survey.ts'
import { type AdminAnswer, type AdminOperation, type AdminRequest, json, problem } from './endpoint.ts'
import { list, members, TEXT, WHOLE } from './schemas.ts'

const CIRCUIT = members({ worker: WHOLE, state: TEXT, 'retryAfter?': WHOLE })
const BREAKER = members({ upstream: TEXT, 'endpoint?': TEXT, state: TEXT, workers: list(CIRCUIT) })
const BREAKERS = members({ breakers: list(BREAKER) })

/** What is asked of the supervisor. */
export interface BreakersSource {
  readonly upstreams: CompiledUpstreams
  readonly breakers: BreakerControl
}

/** A circuit, over all workers. */
interface BreakerView {
  readonly upstream: string
  /** Absent for the breaker of the whole upstream. */
  readonly endpoint?: string
  /** `mixed` where the workers do not agree. */
  readonly state: string
  readonly workers: readonly WorkerCircuit[]
}

interface WorkerCircuit {
  readonly worker: number
  readonly state: string
  /** Milliseconds. */
  readonly retryAfter?: number
}

const OF_UPSTREAM = '/breakers/{upstream}'
const OF_ENDPOINT = '/breakers/{upstream}/endpoints/{endpoint}'

/** Circuit breakers: how they are, closing and opening them by hand. */
export function breakerOperations(source: BreakersSource): AdminOperation[] {
  const answers = {
    200: 'how they are now',
    404: 'there is no such upstream or endpoint, or it has no breaker',
  }
  const change = (id: string, path: string, to: CircuitChange['to'], about: string): AdminOperation => ({
    method: 'POST',
    path: `${path}/${to}`,
    about,
    description: { id, result: BREAKERS, answers },
    handle: (request) => changeBreaker(source, request, to),
  })
  return [
    {
      method: 'GET',
      path: '/breakers',
      about: 'circuit breakers: the state of each in each worker',
      description: { id: 'listBreakers', result: BREAKERS, answers: { 200: 'the breakers' } },
      handle: async () => json({ breakers: breakerViews(await source.breakers.report()) }),
    },
    change(
      'resetBreaker',
      OF_UPSTREAM,
      'reset',
      'close all breakers of an upstream, as if nothing had happened',
    ),
    change(
      'openBreaker',
      OF_UPSTREAM,
      'open',
      'open the breaker of an upstream until it is reset; or those of all its endpoints',
    ),
    change(
      'resetEndpointBreaker',
      OF_ENDPOINT,
      'reset',
      'close the breaker of an endpoint, as if nothing had happened',
    ),
    change('openEndpointBreaker', OF_ENDPOINT, 'open', 'open the breaker of an endpoint, until it is reset'),
  ]
}

async function changeBreaker(
  { upstreams, breakers }: BreakersSource,
  { params }: AdminRequest,
  to: CircuitChange['to'],
): Promise<AdminAnswer> {
  const { upstream = '', endpoint } = params
  const compiled = upstreams.get(upstream)
  if (compiled === undefined || !hasCircuit(compiled.guard, endpoint)) {
    const detail = 'there is no such upstream or endpoint, or it has no breaker: GET /breakers lists them'
    return problem(404, 'Not found', detail)
  }
  const views = async (): Promise<BreakerView[]> =>
    breakerViews(await breakers.report()).filter(
      (each) =>
        each.upstream === redactUrls(upstream) && (endpoint === undefined || each.endpoint === endpoint),
    )
  const before = await views()
  await breakers.change({ upstream, endpoint, to })
  const after = await views()
  const what = `breakers of upstream ${redactUrls(upstream)}`
  return { ...json({ breakers: after }), change: { what, before: states(before), after: states(after) } }
}

/** For the record. */
function states(views: readonly BreakerView[]): Record<string, string> {
  return Object.fromEntries(views.map(({ endpoint = 'upstream', state }) => [endpoint, state]))
}

/** Of what the workers say of theirs. */
function breakerViews(reports: readonly Surveyed<readonly CircuitReport[]>[]): BreakerView[] {
  const found = new Map<string, { circuit: CircuitReport; workers: WorkerCircuit[] }>()
  for (const { worker, answer } of reports) {
    for (const circuit of answer) {
      const { upstream, endpoint = '', state, retryAfter } = circuit
      const key = `${upstream} ${endpoint}`
      const entry = found.get(key) ?? { circuit, workers: [] }
      found.set(key, entry)
      entry.workers.push({ worker, state, ...(retryAfter !== undefined && { retryAfter }) })
    }
  }
  return Array.from(found.values(), ({ circuit: { upstream, endpoint }, workers }) => {
    const all = new Set(workers.map(({ state }) => state))
    const [state = 'closed'] = all
    return {
      upstream: redactUrls(upstream),
      ...(endpoint !== undefined && { endpoint }),
      state: all.size > 1 ? 'mixed' : state,
      workers,
    }
  })
}
