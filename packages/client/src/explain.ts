import { type AddressGuard, type Circuits, isIdempotent, type PoolStats } from '@headgate/core'
import type { Finding } from './lint.ts'
import { originOf, type RequestTarget, targetUrl } from './request-target.ts'
import { shown } from './shown-url.ts'
import type { Settings } from './settings.ts'

/** What would be done with a call, and why; nothing was sent to find out. */
export interface Explanation {
  readonly method: string
  readonly url: string
  readonly origin: string
  /** The policies in order, outermost first. */
  readonly policies: readonly { readonly name: string; readonly does: string }[]
  readonly timeout: Settings['timeout']
  readonly retry: { readonly attempts: number; readonly when: string }
  /** What the address guard says of the host; names are judged again when they are resolved. */
  readonly guard: string
  readonly circuit: string
  readonly pool: PoolStats | undefined
  /** Options that do not do what was meant. */
  readonly findings: readonly Finding[]
  /** All of it as lines of text. */
  toString(): string
}

/** What an explanation is made of. */
export interface ExplainContext {
  readonly method: string
  readonly target: RequestTarget
  readonly settings: Settings
  readonly policies: Explanation['policies']
  readonly guard: AddressGuard | undefined
  readonly circuits: Circuits | undefined
  readonly pool: PoolStats | undefined
  readonly findings: readonly Finding[]
}

export function explain(context: ExplainContext): Explanation {
  const { method, target, settings, policies, findings, pool } = context
  const url = shown(targetUrl(target))
  const origin = originOf(target)
  const explanation = {
    method,
    url,
    origin,
    policies,
    timeout: settings.timeout,
    retry: { attempts: settings.retry.attempts, when: retriedWhen(method, settings) },
    guard: guardVerdict(context),
    circuit: context.circuits?.states().get(origin) ?? (context.circuits ? 'closed' : 'none'),
    pool,
    findings,
  }
  return { ...explanation, toString: () => asText(explanation) }
}

function retriedWhen(method: string, { retry }: Settings): string {
  if (retry.attempts < 2) return 'never, but for a stale keep-alive connection'
  const statuses = retry.statuses?.join(', ') ?? 'no status'
  if (isIdempotent(method)) return `${method} is idempotent: on any failure of the origin, and on ${statuses}`
  return `${method} is not idempotent: only where nothing was processed (not sent, or refused with 408, 425 or 429), or with Idempotency-Key`
}

function guardVerdict({ guard, target }: ExplainContext): string {
  if (guard === undefined) return 'off: any address may be reached'
  const { host, port } = target.authority
  const verdict = guard.judge({
    host,
    port: port ?? (target.scheme === 'https' ? 443 : 80),
    scheme: target.scheme,
  })
  return verdict.allowed ? 'allows it, if all its addresses are public' : `refuses it: ${verdict.reason}`
}

function asText(explanation: Omit<Explanation, 'toString'>): string {
  const { method, url, policies, retry, guard, circuit, pool, findings } = explanation
  return [
    `${method} ${url}`,
    ...policies.map(({ name, does }, index) => `  ${index + 1}. ${name}: ${does}`),
    `  retry: ${retry.when}`,
    `  guard: ${guard}`,
    `  circuit: ${circuit}`,
    `  pool: ${pool === undefined ? 'no connection yet' : `${pool.active} active, ${pool.idle} idle, ${pool.pending} waiting`}`,
    ...findings.map(({ option, problem, advice }) => `  ! ${option}: ${problem}; write ${advice}`),
  ].join('\n')
}
