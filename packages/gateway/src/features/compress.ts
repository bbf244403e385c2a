import {
  type AppliedCoding,
  APPLIED_CODINGS,
  CODING_LEVELS,
  compress,
  COMPRESSED_TYPES,
  DEFAULT_LEVELS,
  DEFAULT_MIN_SIZE,
  type MetricRegistry,
} from '@headgate/core'
import { metric } from '../metrics/metric.ts'
import { once } from '../settings/schema/library.ts'
import { list } from '../settings/schema/list.ts'
import { nothing, type Read, section } from '../settings/schema/section.ts'
import { bytes, integer, offOrOn, oneOf, value } from '../settings/schema/setting.ts'
import { type Kind, textKind } from '../settings/values/kinds.ts'
import { parsed, refused } from '../settings/values/parsed.ts'
import type { ExchangeRow, Route } from './layer.ts'

const WORD = '[A-Za-z0-9!#$&^_.+-]+'
const MEDIA_TYPES = `^(?:${WORD}/(?:${WORD}|\\*)|\\*\\+${WORD})$`

const mediaTypes: Kind<string> = textKind(
  'a media type',
  'a media type (application/json), all of a kind (text/*), or all of a form (*+json)',
  (written) =>
    new RegExp(MEDIA_TYPES).test(written) ? parsed(written.toLowerCase()) : refused('names no media types'),
  { pattern: MEDIA_TYPES },
)

/** How much work is put into it: [least, most]. */
function level(coding: AppliedCoding) {
  const [least, most] = CODING_LEVELS[coding]
  return integer(
    `The level of ${coding}: a higher one makes less bytes of more work, while clients wait.`,
    DEFAULT_LEVELS[coding],
    least,
    most,
  )
}

const levels = section('CompressionLevelsInput', () => ({
  gzip: level('gzip'),
  br: level('br'),
  zstd: level('zstd'),
}))

const compressed = section('CompressInput', () => ({
  codings: list(oneOf(APPLIED_CODINGS, 'A content coding.'))
    .min(1)
    .prefault([...APPLIED_CODINGS])
    .describe('What clients are offered, the best one first, which counts where they like several alike.'),
  types: list(value(mediaTypes))
    .min(1)
    .prefault([...COMPRESSED_TYPES])
    .describe('Media types that are compressed: text/html, text/* or *+json.'),
  minSize: bytes('Bytes of content from which on it is worth it, where its length is known.', {
    min: '1B',
    max: '1GiB',
  }).prefault(`${DEFAULT_MIN_SIZE}B`),
  levels: levels().prefault(nothing).describe('How much work is put into each coding.'),
}))

export type CompressConfig = Read<typeof compressed>

/** With the defaults, with some of its own, or none. */
export const compressSetting = once(() => offOrOn(compressed()))

const BYTES = metric({
  kind: 'counter',
  name: 'headgate_compression_bytes_total',
  labels: ['coding', 'direction'],
  help: 'Bytes of responses that were compressed: as they came (in), and as they left (out).',
  sparse: true,
})

/** Inside of the cache, which keeps an answer for each coding, so that it is compressed once; outside of whatever answers. */
export const compressLayer: ExchangeRow<
  { readonly route: Route<'compress', CompressConfig | false> },
  { readonly metrics: MetricRegistry }
> = {
  name: 'compress',
  once: 'exchange',
  about: 'compresses responses for clients that accept it, piece by piece as they come',
  build({ route }, { metrics }) {
    if (!route.compress) return undefined
    const series = (direction: string) =>
      new Map(APPLIED_CODINGS.map((coding) => [coding, metrics.get(BYTES, { coding, direction })]))
    const [came, left] = [series('in'), series('out')]
    return compress({
      ...route.compress,
      onCompressed(coding, before, after) {
        came.get(coding)?.add(before)
        left.get(coding)?.add(after)
      },
    })
  },
  tells: ({ route }) => route.compress || undefined,
}
