import type { Exchange, HttpResponse, TrafficError } from '@headgate/core'
import type { ResponseVerdict } from './openapi/judge-response.ts'
import { InvalidMessage, type Violation } from './violation.ts'

/** Says why a request is refused; undefined where it is as it should be. Rejects, or throws, where its body breaks. */
export type RequestJudge = (
  exchange: Exchange,
) => TrafficError | undefined | Promise<TrafficError | undefined>

export interface MessageJudge {
  readonly request: RequestJudge
  /** Asked after the request was: see `judgeResponse`. Absent where nothing is said of responses. */
  readonly response?: (
    exchange: Exchange,
    response: HttpResponse,
    late: (verdict: ResponseVerdict) => void,
  ) => ResponseVerdict | 'later' | Promise<ResponseVerdict>
}

/** Everything that is wrong is told at once; a body that is not looked at at all is answered by itself. */
export function joined(
  found: readonly Violation[],
  ofBody: TrafficError | readonly Violation[],
): TrafficError | undefined {
  if (!isViolations(ofBody)) return ofBody
  if (found.length + ofBody.length === 0) return undefined
  return new InvalidMessage([...found, ...ofBody])
}

function isViolations(found: TrafficError | readonly Violation[]): found is readonly Violation[] {
  return Array.isArray(found)
}
