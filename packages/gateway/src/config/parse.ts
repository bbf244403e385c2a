import { ownDeep } from '@headgate/core'
import { crossChecks } from './checks/cross-checks.ts'
import { sharedChecks } from './checks/shared-checks.ts'
import { type PreparedInput, prepareInput, type VariablePlace } from '../settings/prepare/prepare.ts'
import { type ConfigSource, firstFindings } from '../settings/problems/place.ts'
import { findingsOf } from '../settings/problems/issues.ts'
import {
  type ConfigProblem,
  type Finding,
  formatPath,
  type Path,
  valueAt,
} from '../settings/problems/problem.ts'
import { inputSchema } from '../settings/schema/schema-tree.ts'
import { applySchema, defaultRouteName, type GatewayConfig } from './schema/schema.ts'
import { type Expanded, expandShared } from './shared/expand.ts'
import { atOrigins, variablesWithin } from './shared/origins.ts'
import type { SharedConfig, UnroutedSettings } from './shared/sharing.ts'

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
  const expanded = expandShared(input)
  const asWritten = applySchema(input)
  const ofSchema = asWritten.ok ? [] : findingsOf(asWritten.issues, inputSchema())
  const ofShared = sharedChecks(input)
  const ofWhole = atWrittenPlaces(crossChecks(expanded?.input ?? input), expanded)
  const checks = [...ofShared, ...without(ofShared, ofWhole)]
  const others = [...without(prepared.findings, checks), ...further]
  const findings = [...prepared.findings, ...without([...prepared.findings, ...others], ofSchema), ...others]
  if (!asWritten.ok || findings.length > 0)
    return { ok: false, problems: firstFindings(findings, prepared, source, 'mistakes', leftOut) }
  const result = expanded === undefined ? asWritten : applySchema(expanded.input)
  if (!result.ok) {
    const ofMerged = atWrittenPlaces(findingsOf(result.issues, inputSchema()), expanded)
    return { ok: false, problems: firstFindings(ofMerged, prepared, source) }
  }
  return { ok: true, config: complete(result.config, places, asWritten.unrouted, expanded?.shared) }
}

/** With what is there to show where settings come from. */
function complete(
  config: GatewayConfig,
  places: readonly VariablePlace[],
  unrouted: UnroutedSettings,
  shared: SharedConfig | undefined,
): GatewayConfig {
  const within = shared === undefined ? [] : variablesWithin(places, shared)
  const variables = [...places, ...within].map(({ path, written }) => ({ path, written }))
  return {
    ...config,
    ...(shared && { shared: { ...shared, unrouted } }),
    ...(variables.length > 0 && { variables: inOrder(variables) }),
  }
}

/** By their places: in which order keys are written makes no other configuration. */
function inOrder<Each extends { readonly path: Path }>(variables: readonly Each[]): Each[] {
  const placed = variables.map((each) => ({ each, place: formatPath(each.path) }))
  return placed.sort((one, other) => (one.place < other.place ? -1 : 1)).map(({ each }) => each)
}

function atWrittenPlaces(findings: Finding[], expanded: Expanded | undefined): Finding[] {
  if (expanded === undefined) return findings
  const nameOf = (index: number): string => {
    const written = valueAt(expanded.input, ['routes', index, 'name'])
    return typeof written === 'string' ? written : defaultRouteName(index)
  }
  return atOrigins(findings, expanded.shared, nameOf)
}

/** Some checks know more about a place than others do: "no routes", not "not a list". */
function without(better: readonly Finding[], findings: readonly Finding[]): readonly Finding[] {
  if (better.length === 0) return findings
  const told = better.filter(({ unseen }) => unseen === undefined)
  const places = new Set(told.map((finding) => formatPath(finding.path)))
  return findings.filter((finding) => finding.unseen !== undefined || !places.has(formatPath(finding.path)))
}
