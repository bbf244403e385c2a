import type { LimitsConfig } from '../types/config.ts'
import type { LimitsInput } from '../input/input.ts'
import { bytes, bytesOr0, integer, z } from './setting.ts'

/** What a message may measure. */
export const limits: z.ZodType<LimitsConfig, LimitsInput> = z.strictObject({
  head: bytes('Size of a request or response head; a larger request head is answered with 431.', {
    min: '1KiB',
    max: '1MiB',
  }).prefault('16KiB'),
  fields: integer(
    'Number of header fields of a message; a request with more is answered with 431.',
    100,
    1,
    10_000,
  ),
  target: bytes('Length of a request target; a longer one is answered with 414.', {
    min: '64B',
    max: '1MiB',
  }).prefault('8KiB'),
  body: bytesOr0(
    'Size of a request body; a larger one is answered with 413. Left out, there is no limit.',
  ).optional(),
})
