import type { Circuits, Upstream } from '@headgate/core'
import {
  type AdminAnswer,
  type AdminOperation,
  type AdminRequest,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import { type Described, list, members, TEXT, WHOLE } from '../admin-api/schema.ts'
import type { UpstreamGuard } from '../upstreams/upstream-guard.ts'
import { redactUrls } from '../settings/redact-text.ts'
import type { CompiledUpstreams } from '../upstreams/upstreams.ts'
import { type AskOne, question, type Survey, type Surveyed, type SurveySource } from './survey.ts'

const CIRCUIT = members({ worker: WHOLE, state: TEXT, 'retryAfter?': WHOLE })
/** A circuit over all workers, `mixed` where they do not agree; without `endpoint`, that of the whole upstream. */
const BREAKER = members({ upstream: TEXT, 'endpoint?': TEXT, state: TEXT, workers: list(CIRCUIT) })
const BREAKERS = members({ breakers: list(BREAKER) })

export type BreakersAnswer = Described<typeof BREAKERS>
type BreakerView = Described<typeof BREAKER>

/** How a circuit of a worker is. */
interface CircuitReport {
  readonly upstream: string
  readonly endpoint?: string
  readonly state: string
  /** Milliseconds until it is tried again; absent unless it is open for a time. */
  readonly retryAfter?: number
}

/** What somebody does to circuits by hand. */
interface CircuitChange {
  readonly upstream: string
  /** That of one endpoint. Left out, `reset` is for all of the upstream, `open` for as few as keep all requests out. */
  readonly endpoint?: string | undefined
  readonly to: 'reset' | 'open'
}

const circuits = question('circuits', ({ gateway, clock }) => {
  const now = clock.now()
  return Array.from(gateway.snapshot.upstreams, ([upstream, { guard }]): CircuitReport[] => [
    ...reportsOf(guard.circuits, now).map(([, report]) => ({ upstream, ...report })),
    ...reportsOf(guard.endpointCircuits, now).map(([endpoint, report]) => ({
      upstream,
      endpoint,
      ...report,
    })),
  ]).flat()
})

const changeCircuits = question('change-circuits', ({ gateway }, change: CircuitChange) =>
  changeHere(gateway.snapshot.upstreams, change),
)

/** Circuit breakers, of which each worker has its own: how they are, closing and opening them by hand. */
export const breakers: Survey = {
  questions: [circuits, changeCircuits],
  operations: (source) => breakerOperations(source, new BreakerControl(source)),
}

/** Sees and changes the circuits of all workers. */
export class BreakerControl {
  private readonly source: Pick<SurveySource, 'ask' | 'upstreams'>
  /** What was opened by hand, by endpoint: a worker that takes the place of another must open it, too. */
  private readonly opened = new WeakMap<Upstream, Map<string | undefined, CircuitChange>>()

  constructor(source: Pick<SurveySource, 'ask' | 'upstreams' | 'onSuccessor'>) {
    this.source = source
    source.onSuccessor((ask) => this.restore(ask))
  }

  report(): Promise<Surveyed<CircuitReport[]>[]> {
    return this.source.ask(circuits)
  }

  /** Resolves when all workers have changed theirs. */
  async change(change: CircuitChange): Promise<void> {
    this.remember(change)
    await this.source.ask(changeCircuits, change)
  }

  private restore(ask: AskOne): void {
    for (const { upstream } of this.source.upstreams.values()) {
      for (const change of this.opened.get(upstream)?.values() ?? []) {
        // One that ends meanwhile has a successor.
        ask(changeCircuits, change).catch(() => {})
      }
    }
  }

  private remember(change: CircuitChange): void {
    const upstream = this.source.upstreams.get(change.upstream)?.upstream
    if (upstream === undefined) return
    const { endpoint, to } = change
    const opened = this.opened.get(upstream) ?? new Map<string | undefined, CircuitChange>()
    this.opened.set(upstream, opened)
    if (to === 'open') opened.set(endpoint, change)
    else if (endpoint === undefined) opened.clear()
    else opened.delete(endpoint)
  }
}

type Report = Pick<CircuitReport, 'state' | 'retryAfter'>

function reportsOf(known: Circuits | undefined, now: number): [key: string, report: Report][] {
  return Array.from(known?.known() ?? [], ([key, circuit]) => {
    const { state } = circuit
    const wait = state === 'open' ? circuit.retryAfter(now) : undefined
    return [key, { state, ...(wait !== undefined && { retryAfter: Math.ceil(wait) }) }]
  })
}

/** Changes circuits of this thread, as far as there are such. */
function changeHere(upstreams: CompiledUpstreams, { upstream, endpoint, to }: CircuitChange): void {
  const guard = upstreams.get(upstream)?.guard
  if (guard === undefined) return
  const { endpointCircuits } = guard
  const whole = endpoint === undefined ? guard.circuits : undefined
  whole?.for(upstream)[METHODS[to]]()
  if (whole !== undefined && to === 'open') return
  for (const key of keysOf(endpointCircuits, endpoint)) endpointCircuits?.for(key)[METHODS[to]]()
}

const METHODS = { reset: 'reset', open: 'forceOpen' } as const

function keysOf(known: Circuits | undefined, endpoint: string | undefined): string[] {
  const keys = Array.from(known?.known() ?? [], ([key]) => key)
  return endpoint === undefined ? keys : keys.filter((key) => key === endpoint)
}

function hasCircuit(guard: UpstreamGuard, endpoint: string | undefined): boolean {
  return (
    keysOf(guard.endpointCircuits, endpoint).length > 0 ||
    (endpoint === undefined && guard.circuits !== undefined)
  )
}

const OF_UPSTREAM = '/breakers/{upstream}'
const OF_ENDPOINT = '/breakers/{upstream}/endpoints/{endpoint}'

function breakerOperations(source: SurveySource, control: BreakerControl): AdminOperation[] {
  const answers = {
    200: 'how they are now',
    404: 'there is no such upstream or endpoint, or it has no breaker',
  }
  const change = (id: string, path: string, to: CircuitChange['to'], about: string): AdminOperation =>
    operation({
      method: 'POST',
      path: `${path}/${to}`,
      about,
      id,
      result: BREAKERS,
      answers,
      handle: (request) => changeBreaker(source, control, request, to),
    })
  return [
    operation({
      method: 'GET',
      path: '/breakers',
      about: 'circuit breakers: the state of each in each worker',
      id: 'listBreakers',
      result: BREAKERS,
      answers: { 200: 'the breakers' },
      handle: async () => json({ breakers: breakerViews(await control.report()) }),
    }),
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
  { upstreams }: SurveySource,
  control: BreakerControl,
  { params }: AdminRequest,
  to: CircuitChange['to'],
): Promise<AdminAnswer<BreakersAnswer>> {
  const { upstream = '', endpoint } = params
  const compiled = upstreams.get(upstream)
  if (compiled === undefined || !hasCircuit(compiled.guard, endpoint)) {
    const detail = 'there is no such upstream or endpoint, or it has no breaker: GET /breakers lists them'
    return problem(404, 'Not found', detail)
  }
  const shown = redactUrls(upstream)
  const views = async (): Promise<BreakerView[]> =>
    breakerViews(await control.report()).filter(
      (each) => each.upstream === shown && (endpoint === undefined || each.endpoint === endpoint),
    )
  const before = await views()
  await control.change({ upstream, endpoint, to })
  const after = await views()
  const what = `breakers of upstream ${shown}`
  return json({ breakers: after }, { change: { what, before: states(before), after: states(after) } })
}

/** For the record. */
function states(views: readonly BreakerView[]): Record<string, string> {
  return Object.fromEntries(views.map(({ endpoint = 'upstream', state }) => [endpoint, state]))
}

/** The circuits of all workers, those of the same upstream and endpoint together. */
function breakerViews(reports: readonly Surveyed<readonly CircuitReport[]>[]): BreakerView[] {
  const all = reports.flatMap(({ worker, answer }) => answer.map((circuit) => ({ worker, ...circuit })))
  const found = Map.groupBy(all, ({ upstream, endpoint = '' }) => `${upstream} ${endpoint}`)
  return [...found.values()].flatMap((together): BreakerView[] => {
    const [first] = together
    if (first === undefined) return []
    const { upstream, endpoint, state } = first
    return [
      {
        upstream: redactUrls(upstream),
        ...(endpoint !== undefined && { endpoint }),
        state: together.every((each) => each.state === state) ? state : 'mixed',
        workers: together.map(({ worker, state: own, retryAfter }) => ({
          worker,
          state: own,
          ...(retryAfter !== undefined && { retryAfter }),
        })),
      },
    ]
  })
}
