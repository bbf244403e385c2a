/** Content codings that files lie beside others in, the one that is usually the smallest first (RFC 9110 8.4.1, RFC 7932, RFC 8878). */
export const CODINGS = [
  { coding: 'br', extension: '.br' },
  { coding: 'zstd', extension: '.zst' },
  { coding: 'gzip', extension: '.gz' },
] as const

export type Coding = (typeof CODINGS)[number]['coding']

export const CODING_NAMES: readonly Coding[] = CODINGS.map(({ coding }) => coding)
