import type { EndpointMark } from './endpoint-flags.ts'

/** What of an endpoint decides whether it is used, and when. */
export interface Judged {
  readonly marked: EndpointMark
  readonly weight: number
  /** What active checks say. */
  readonly healthy: boolean
  /** Its circuit is open: nothing may be sent. */
  readonly barred: boolean
  /** 0 is used first; higher numbers when those below are short of usable endpoints. */
  readonly priority: number
  readonly zone: string | undefined
}

/** By what rules endpoints are chosen. */
export interface ChoiceRules {
  /** Part of a level's endpoints that must be usable; with fewer, all are used. */
  readonly panicThreshold: number
  /** How much more than its share a usable endpoint can take: 1.4 means that 1 / 1.4 of them are as good as all. */
  readonly overprovisioning: number
  /** Where the exchanges come from; undefined: zones do not matter. */
  readonly zone: string | undefined
}

/** Endpoints that are used alike: those of one priority and, where zones matter, of the own zone or of all others. */
export interface Level<T> {
  readonly priority: number
  /** Undefined where zones do not matter. */
  readonly local: boolean | undefined
  /** How many levels come before it, whether they have usable endpoints or not. */
  readonly rank: number
  /** Those to choose from; at least one. */
  readonly endpoints: readonly T[]
  /** Part of the exchanges that it gets, from 0 to 1; all of them are 1. With 0, it stands by. */
  readonly share: number
  /** Whether so few are usable that all are used. */
  readonly panic: boolean
}

interface Group<T> {
  readonly priority: number
  readonly local: boolean | undefined
  readonly members: T[]
}

type Chosen<T> = Pick<Level<T>, 'endpoints' | 'panic'>

/**
 * Which endpoints are used, level by level, as Envoy does it: a level gets all that the levels before it leave over, as far as
 * its usable endpoints suffice; where all levels together do not, each gets as much as it is well. The own zone comes before
 * the others of the same priority, as a level of its own. Without a level: no endpoint may be used, for what checks say is
 * down would only cost the client its time.
 */
export function choose<T extends Judged>(
  endpoints: readonly T[],
  usable: ReadonlySet<T>,
  rules: ChoiceRules,
): readonly Level<T>[] {
  const groups = levelsOf(endpoints, rules.zone)
  const scores = groups.map(({ members }) => score(members, usable, rules.overprovisioning))
  const total = scores.reduce((sum, each) => sum + each, 0)
  if (total === 0) return lastResort(groups, usable, rules)
  // Where the levels together have enough, traffic moves instead of panicking. A lone level has nowhere to move it.
  const mayPanic = groups.length === 1 || total < 1
  const levels: Level<T>[] = []
  let left = 1
  for (const [index, group] of groups.entries()) {
    const share = Math.min(left, (scores[index] ?? 0) / Math.min(1, total))
    // Sums of fractions are not exact: what is left over of nothing is nothing.
    left = left - share < 1e-9 ? 0 : left - share
    const chosen = chooseWithin(group.members, usable, mayPanic && share > 0 ? rules.panicThreshold : 0)
    if (chosen.endpoints.length > 0) levels.push(levelOf(group, index, chosen, share))
  }
  return levels
}

/** In the order in which they are used. What has no weight is in none. */
function levelsOf<T extends Judged>(endpoints: readonly T[], zone: string | undefined): Group<T>[] {
  const groups: Group<T>[] = []
  for (const endpoint of endpoints) {
    if (endpoint.weight === 0) continue
    const { priority } = endpoint
    const local = zone === undefined ? undefined : endpoint.zone === zone
    const known = groups.find((group) => group.priority === priority && group.local === local)
    if (known === undefined) groups.push({ priority, local, members: [endpoint] })
    else known.members.push(endpoint)
  }
  return groups.sort((one, other) => one.priority - other.priority || Number(other.local) - Number(one.local))
}

/** From 0 to 1: what part of all exchanges it can take. By weight: that is what an endpoint is thought to be able to do. */
function score<T extends Judged>(
  members: readonly T[],
  usable: ReadonlySet<T>,
  overprovisioning: number,
): number {
  let all = 0
  let well = 0
  for (const member of members) {
    all += member.weight
    if (usable.has(member)) well += member.weight
  }
  return Math.min(1, (overprovisioning * well) / all)
}

function chooseWithin<T extends Judged>(
  members: readonly T[],
  usable: ReadonlySet<T>,
  panicThreshold: number,
): Chosen<T> {
  const used = members.filter((member) => usable.has(member))
  const wanted = members.filter(isWanted)
  if (used.length >= wanted.length * panicThreshold || !wanted.some(({ healthy }) => healthy))
    return { endpoints: used, panic: false }
  return { endpoints: wanted, panic: true }
}

/** None is usable: the first level in which some are well by their checks, but were ejected. Better those than none. */
function lastResort<T extends Judged>(
  groups: readonly Group<T>[],
  usable: ReadonlySet<T>,
  { panicThreshold }: ChoiceRules,
): readonly Level<T>[] {
  for (const [rank, group] of groups.entries()) {
    const healthy = group.members.filter((member) => isWanted(member) && member.healthy)
    if (healthy.length === 0) continue
    const { endpoints, panic } = chooseWithin(group.members, usable, panicThreshold)
    return [levelOf(group, rank, { endpoints: panic ? endpoints : healthy, panic: true }, 1)]
  }
  return []
}

function levelOf<T>({ priority, local }: Group<T>, rank: number, chosen: Chosen<T>, share: number): Level<T> {
  return { priority, local, rank, ...chosen, share }
}

/** Neither taken out by hand nor by its breaker: panic overrules only what is a guess. */
function isWanted({ marked, barred }: Judged): boolean {
  return marked === 'up' && !barred
}
