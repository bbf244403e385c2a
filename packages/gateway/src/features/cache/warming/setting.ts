import { HttpRequest } from '@headgate/core'
import { resolve } from 'node:path'
import { keyed, list, noneOrMore } from '../../../settings/schema/list.ts'
import { nothing, type Read, section } from '../../../settings/schema/section.ts'
import { integer, oneOf, time, value } from '../../../settings/schema/setting.ts'
import { filePath, type Kind, textKind } from '../../../settings/values/kinds.ts'
import { parsed, refused } from '../../../settings/values/parsed.ts'
import { requestField, secretFieldValue } from '../../../settings/values/request-field.ts'
import { requestRate } from '../../rate-limit/kinds.ts'

/** A URL that can be asked for as it stands. */
export const warmedUrl: Kind<string> = textKind(
  'a URL',
  'a URL as a client asks for it, such as http://shop.example/items',
  (written) => {
    const fault = faultOf(written)
    return fault === undefined ? parsed(written) : refused(`is no URL to be asked for: ${fault}`)
  },
  { pattern: '^[Hh][Tt][Tt][Pp][Ss]?://' },
)

function faultOf(url: string): string | undefined {
  try {
    HttpRequest.to(url)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const WARMED_ON = ['start', 'purge'] as const

const warmList = section('CacheWarmInput', () => ({
  urls: noneOrMore(
    warmedUrl,
    'URLs as clients ask for them. Those that no route with a cache takes are left out, here as in what follows.',
  ),
  file: value(
    filePath,
    'A file with a URL on each line; empty lines, and those that begin with #, say nothing.',
  ).optional(),
  sitemap: value(
    warmedUrl,
    'A sitemap, or an index of sitemaps (sitemaps.org), which is asked for as a client would: by a route of the gateway.',
  ).optional(),
  headers: keyed(requestField, value(secretFieldValue))
    .prefault(nothing)
    .describe('Fields of the requests, for a variant that clients ask for: accept-encoding: gzip.'),
  on: list(oneOf(WARMED_ON))
    .prefault(['start'])
    .describe(
      'When it is done: at the start (and when the list is new or changed by a reload), after each purge.',
    ),
  every: time('How long after one time it is done again. Left out: it is not.').optional(),
  rate: value(requestRate, 'Requests in a time, at most.').prefault('10/s'),
  concurrency: integer('Requests at a time, at most.', 2, 1, 64),
}))

/** Lists of what is asked for before clients do. */
export function warmSetting() {
  return list(warmList())
    .prefault([])
    .describe(
      'What is asked for before clients want it, so that it is stored by then: lists, each with its own times and pace.',
    )
}

export type WarmListConfig = Read<typeof warmList>

/** With the paths of files made absolute. */
export function warmFiles(lists: readonly WarmListConfig[], folder: string): WarmListConfig[] {
  return lists.map((each) => (each.file === undefined ? each : { ...each, file: resolve(folder, each.file) }))
}
