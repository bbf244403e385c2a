import {
  type AdminAnswer,
  type AdminOperation,
  type AdminRequest,
  json,
  operation,
  problem,
} from '../admin-api/operation.ts'
import { type Described, FLAG, list, members, oneOf, TEXT } from '../admin-api/schema.ts'
import { redactUrls } from '../settings/redact-text.ts'
import type { SurveySource } from '../surveys/survey.ts'
import { LAST_CHECK, lastCheck, notAsExpected, noUpstream, upstreamEtag } from '../surveys/upstreams.ts'

const STATE = oneOf('running', 'paused')
const ALL = members({ checks: STATE })
const ONE = members({ upstream: TEXT, checks: STATE })
const FOUND = members({
  upstream: TEXT,
  endpoints: list(members({ endpoint: TEXT, healthy: FLAG, status: TEXT, 'lastCheck?': LAST_CHECK })),
})

export type ChecksAnswer = Described<typeof ALL>
export type CheckedAnswer = Described<typeof FOUND>
type State = Described<typeof STATE>

/** What is asked of the supervisor. */
type ChecksSource = Pick<SurveySource, 'upstreams' | 'checks'>

const ANSWERS = {
  200: 'whether the endpoints are checked now',
  404: 'there is no such upstream',
  409: 'its endpoints are not checked, or checks are paused for all upstreams',
  412: 'the upstream has been changed since',
}

/** Pausing active health checks, going on with them, and checking now. */
export function healthCheckOperations(source: ChecksSource): AdminOperation[] {
  return [pauseAll(source), resumeAll(source), pause(source), resume(source), checkNow(source)]
}

function pauseAll({ checks }: ChecksSource): AdminOperation {
  return operation({
    method: 'POST',
    path: '/health-checks/pause',
    about:
      'check no endpoint of any upstream, until they are resumed: endpoints stay as they were found last',
    id: 'pauseHealthChecks',
    result: ALL,
    answers: { 200: 'they are paused' },
    handle: () => changeAll(checks, () => checks.pause()),
  })
}

function resumeAll({ checks }: ChecksSource): AdminOperation {
  return operation({
    method: 'POST',
    path: '/health-checks/resume',
    about: 'go on with the health checks of all upstreams, those that were paused alone, too',
    id: 'resumeHealthChecks',
    result: ALL,
    answers: { 200: 'they go on' },
    handle: () => changeAll(checks, () => checks.resume()),
  })
}

function changeAll(checks: ChecksSource['checks'], apply: () => void): AdminAnswer<ChecksAnswer> {
  const state = (): ChecksAnswer => ({ checks: stateOf(checks.isPaused) })
  const before = state()
  apply()
  return json(state(), { change: { what: 'health checks of all upstreams', before, after: state() } })
}

function pause(source: ChecksSource): AdminOperation {
  return operation({
    method: 'POST',
    path: '/upstreams/{upstream}/health-checks/pause',
    about: 'check the endpoints of an upstream no more: they stay as they were found last',
    id: 'pauseUpstreamHealthChecks',
    result: ONE,
    conditional: 'upstream',
    answers: ANSWERS,
    handle: (request) => change(source, request, (name) => source.checks.pause(name)),
  })
}

function resume(source: ChecksSource): AdminOperation {
  return operation({
    method: 'POST',
    path: '/upstreams/{upstream}/health-checks/resume',
    about: 'go on with the health checks of an upstream',
    id: 'resumeUpstreamHealthChecks',
    result: ONE,
    conditional: 'upstream',
    answers: ANSWERS,
    handle(request) {
      if (source.checks.isPaused) {
        return problem(409, 'Conflict', 'the checks of all upstreams are paused: POST /health-checks/resume')
      }
      return change(source, request, (name) => source.checks.resume(name))
    },
  })
}

function stateOf(isPaused: boolean): State {
  return isPaused ? 'paused' : 'running'
}

function change(
  source: ChecksSource,
  request: AdminRequest,
  apply: (name: string) => void,
): AdminAnswer<Described<typeof ONE>> {
  const { checks } = source
  const name = request.params['upstream'] ?? ''
  const compiled = source.upstreams.get(name)
  if (compiled === undefined) return noUpstream()
  if (!compiled.upstream.isChecked) return unchecked()
  const refused = notAsExpected(request, upstreamEtag(compiled, checks))
  if (refused !== undefined) return refused
  const state = (): ChecksAnswer => ({ checks: stateOf(checks.isPausedFor(name)) })
  const before = state()
  apply(name)
  const upstream = redactUrls(name)
  const made = { what: `health checks of upstream ${upstream}`, before, after: state() }
  return json({ upstream, ...state() }, { etag: upstreamEtag(compiled, checks), change: made })
}

function checkNow(source: ChecksSource): AdminOperation {
  return operation({
    method: 'POST',
    path: '/upstreams/{upstream}/health-checks/run',
    about: 'check the endpoints of an upstream now, paused or not: what is found counts at once',
    id: 'runUpstreamHealthChecks',
    result: FOUND,
    answers: {
      200: 'what was found',
      404: 'there is no such upstream',
      409: 'its endpoints are not checked',
    },
    async handle({ params }) {
      const name = params['upstream'] ?? ''
      const upstream = source.upstreams.get(name)?.upstream
      if (upstream === undefined) return noUpstream()
      if (!upstream.isChecked) return unchecked()
      const health = (): Record<string, boolean> =>
        Object.fromEntries(upstream.endpoints.map((each) => [each.name, each.healthy]))
      const before = health()
      await upstream.checkNow()
      const stats = upstream.stats()
      const endpoints = upstream.endpoints.map(({ name: endpoint, healthy, status }, index) => ({
        endpoint,
        healthy,
        status,
        ...lastCheck(stats[index]),
      }))
      const shown = redactUrls(name)
      const found = { what: `health of upstream ${shown}, checked`, before, after: health() }
      return json({ upstream: shown, endpoints }, { change: found })
    },
  })
}

function unchecked(): AdminAnswer<never> {
  return problem(409, 'Conflict', 'its endpoints are not checked: "health" of the upstream says how to')
}
