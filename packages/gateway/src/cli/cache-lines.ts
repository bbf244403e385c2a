import type { ForeseenView } from '../explain/cache-view.ts'

/** Lines on what a cache has for a request, and would do about it. */
export function cacheLines({ outcome, key, stored }: ForeseenView): string[] {
  return [outcome, ...(key === undefined ? [] : keyLines(key)), ...stored.flatMap(storedLines)]
}

/** Lines on what tells a request apart. */
export function keyLines({ url, headers, cookies }: NonNullable<ForeseenView['key']>): string[] {
  return [`its key: ${url}`, ...partLines('header', headers), ...partLines('cookie', cookies)]
}

function partLines(kind: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `  ${kind} ${name}: ${value}`)
}

function storedLines(stored: ForeseenView['stored'][number]): string[] {
  const { status, bytes, age, freshFor, chosen, range, store, vary, rules, tags, groups } = stored
  const { etag, lastModified, purgedAt, standsIn } = stored
  const life = freshFor > 0 ? `fresh for ${freshFor} s` : `stale for ${-freshFor} s`
  const part = range === undefined ? '' : `, bytes ${range}`
  const details: [string, string | undefined][] = [
    [
      'for',
      Object.entries(vary)
        .map(([name, value]) => `${name}: ${value}`)
        .join('; '),
    ],
    ['etag', etag],
    ['last-modified', lastModified],
    ['rules', rules.join(', ')],
    ['tags', tags.join(', ')],
    ['groups', groups.join(', ')],
    ['purged', purgedAt],
    ['if the upstream fails', standsIn && freshFor <= 0 ? 'it stands in' : undefined],
  ]
  return [
    `${chosen ? 'stored, and meant' : 'stored'}: ${status}, ${bytes} bytes${part}, ${age} s old, ${life}, in ${store}`,
    ...details.flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [`  ${name}: ${value}`],
    ),
  ]
}
