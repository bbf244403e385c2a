import { INTENDED } from './intended.ts'
import type { Comparison, Difference, Outcome } from './outcome.ts'

/** What differs, and is not intended. */
export function unlisted(comparison: Comparison): Difference[] {
  return differences(comparison.platform, comparison.client).filter(
    (difference) => !INTENDED.some(({ explains }) => explains(difference, comparison)),
  )
}

/** The names of the intended differences that a case shows. */
export function listed(comparison: Comparison): string[] {
  const found = differences(comparison.platform, comparison.client)
  return INTENDED.filter(({ explains }) => found.some((each) => explains(each, comparison))).map(
    ({ name }) => name,
  )
}

function differences(platform: Outcome, client: Outcome): Difference[] {
  const found: Difference[] = []
  compare('seen.length', platform.seen.length, client.seen.length, found)
  const both = Math.min(platform.seen.length, client.seen.length)
  for (let index = 0; index < both; index++)
    compareMembers(`seen.${index}`, platform.seen[index], client.seen[index], found)
  // Where one rejected, the rest follows from that.
  if (platform.got.threw !== undefined || client.got.threw !== undefined) {
    compare('got.threw', platform.got.threw, client.got.threw, found)
    compare('got.requestUsed', platform.got.requestUsed, client.got.requestUsed, found)
  } else compareMembers('got', platform.got, client.got, found)
  return found
}

function compareMembers(
  place: string,
  platform: object | undefined,
  client: object | undefined,
  found: Difference[],
): void {
  const one = { ...platform } as Record<string, unknown>
  const other = { ...client } as Record<string, unknown>
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)]))
    compare(`${place}.${name}`, one[name], other[name], found)
}

function compare(place: string, platform: unknown, client: unknown, found: Difference[]): void {
  if (JSON.stringify(platform) !== JSON.stringify(client)) found.push({ place, platform, client })
}
