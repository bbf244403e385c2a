import type { Finding, Path } from '../../settings/problems/problem.ts'

/** A fallback is one thing or another; it looks at it as it was written. */
export function fallbackChecks(fallback: unknown, path: Path): Finding[] {
  if (typeof fallback !== 'object' || fallback === null || Array.isArray(fallback)) return []
  const { respond, upstream } = fallback as { respond?: unknown; upstream?: unknown }
  if ((respond === undefined) !== (upstream === undefined)) return []
  const problem = respond === undefined ? 'leads nowhere' : 'has both "respond" and "upstream"'
  return [{ path, problem, allowed: 'one of respond and upstream' }]
}
