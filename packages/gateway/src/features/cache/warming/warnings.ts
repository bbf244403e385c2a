import type { Finding } from '../../../settings/problems/problem.ts'
import { type CachedRoute, hasCache } from '../setting.ts'
import type { WarmListConfig } from './setting.ts'

/** Lists that warm nothing. */
export function warmWarnings(lists: readonly WarmListConfig[], routes: readonly CachedRoute[]): Finding[] {
  const empty = lists.flatMap(({ urls, file, sitemap }, index): Finding[] =>
    urls.length > 0 || file !== undefined || sitemap !== undefined
      ? []
      : [
          {
            path: ['cache', 'warm', index],
            whole: true,
            problem: 'the list has nothing to ask for',
            hint: 'it takes urls, a file or a sitemap',
          },
        ],
  )
  if (lists.length === 0 || routes.some(hasCache)) return empty
  const problem = 'nothing is warmed, as no route has a cache'
  return [
    ...empty,
    { path: ['cache', 'warm'], whole: true, problem, hint: 'a route gets one by cache: true' },
  ]
}
