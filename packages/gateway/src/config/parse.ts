import type { GatewayConfig } from './types/config.ts'
import { crossChecks } from './checks/cross-checks.ts'
import { findingsOf } from './problems/issues.ts'
import { placeFinding } from './problems/place.ts'
import type { ConfigSource } from './problems/place.ts'
import { formatPath } from './problems/problem.ts'
import type { ConfigProblem, Finding } from './problems/problem.ts'
import { applySchema, inputSchema } from './schema/schema.ts'

export type ConfigResult =
  | { readonly ok: true; readonly config: GatewayConfig }
  | { readonly ok: false; readonly problems: ConfigProblem[] }

/**
 * Checks a configuration that is already in memory; all mistakes at once. Reads no file: relative paths stay as
 * they are, and whether certificates are readable is seen by `loadConfig`.
 */
export function parseConfig(input: unknown, source: ConfigSource = {}): ConfigResult {
  return checkConfig(input, source, [])
}

/** As `parseConfig`, with findings from elsewhere reported in the same breath. */
export function checkConfig(input: unknown, source: ConfigSource, further: readonly Finding[]): ConfigResult {
  const result = applySchema(input)
  const ofSchema = result.ok ? [] : findingsOf(result.issues, inputSchema())
  const others = [...crossChecks(input), ...further]
  const findings = [...withoutRepeats(ofSchema, others), ...others]
  if (result.ok && findings.length === 0) return result
  const schema = inputSchema()
  return { ok: false, problems: findings.map((finding) => placeFinding(finding, input, source, schema)) }
}

/** The other checks know more about a place than the schema does: "no routes", not "not a list". */
function withoutRepeats(findings: readonly Finding[], better: readonly Finding[]): Finding[] {
  const places = new Set(better.map((finding) => formatPath(finding.path)))
  return findings.filter((finding) => !places.has(formatPath(finding.path)))
}
