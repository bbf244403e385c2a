import { ownDeep } from '@headgate/core'
import { crossChecks } from './checks/cross-checks.ts'
import { type PreparedInput, prepareInput } from './prepare/prepare.ts'
import { firstFindings } from './problems/first-findings.ts'
import { findingsOf } from './problems/issues.ts'
import type { ConfigSource } from './problems/place.ts'
import { formatPath } from './problems/problem.ts'
import type { ConfigProblem, Finding } from './problems/problem.ts'
import { applySchema, inputSchema } from './schema/schema.ts'
import type { GatewayConfig } from './types/config.ts'

export type ConfigResult =
  | { readonly ok: true; readonly config: GatewayConfig }
  | { readonly ok: false; readonly problems: ConfigProblem[] }

/**
 * Checks a configuration that is already in memory; all mistakes at once. Reads no file but those of variables, if the
 * source has any: relative paths stay as they are, and whether certificates are readable is seen by `loadConfig`.
 */
export function parseConfig(input: unknown, source: ConfigSource = {}): ConfigResult {
  const prepared = prepareInput(input, { ...source, root: source.locate?.root })
  return prepared.ok ? checkConfig(prepared, source, []) : unprepared(prepared.finding, source)
}

/** What is wrong with the configuration as a whole, so that nothing else can be said of it. */
export function unprepared(finding: Finding, source: ConfigSource): { ok: false; problems: ConfigProblem[] } {
  return { ok: false, problems: firstFindings([finding], { written: undefined, places: [] }, source) }
}

/** As `parseConfig`, with findings from elsewhere reported in the same breath. */
export function checkConfig(
  prepared: PreparedInput,
  source: ConfigSource,
  further: readonly Finding[],
): ConfigResult {
  const { places, leftOut } = prepared
  // The schema reads what an object inherits, too: nothing is to come from Object.prototype.
  const input = ownDeep(prepared.input)
  const result = applySchema(input)
  const ofSchema = result.ok ? [] : findingsOf(result.issues, inputSchema())
  const others = [...without(prepared.findings, crossChecks(input)), ...further]
  const findings = [...prepared.findings, ...without([...prepared.findings, ...others], ofSchema), ...others]
  if (!result.ok || findings.length > 0)
    return { ok: false, problems: firstFindings(findings, prepared, source, 'mistakes', leftOut) }
  if (places.length === 0) return result
  const variables = places.map(({ path, written }) => ({ path, written }))
  return { ok: true, config: { ...result.config, variables } }
}

/** Some checks know more about a place than others do: "no routes", not "not a list". */
function without(better: readonly Finding[], findings: readonly Finding[]): readonly Finding[] {
  if (better.length === 0) return findings
  const places = new Set(better.map((finding) => formatPath(finding.path)))
  return findings.filter((finding) => !places.has(formatPath(finding.path)))
}
