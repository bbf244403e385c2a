import type { StoredHead } from '../../../../src/policies/cache/store.ts'

/** Bytes that follow from a number alone, so that any mixture of two contents shows. */
export function contentOf(seed: number, length: number): Buffer {
  const content = Buffer.allocUnsafe(length)
  let state = (seed * 2654435761) | 1
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    content[index] = state >>> 24
  }
  return content
}

const NOW = Date.UTC(2026, 0, 1)

/** A head as of a usual response, with the number of its content in the field `x-seed`. */
export function headOf(index: number, seed: number, changes: Partial<StoredHead> = {}): StoredHead {
  return {
    status: 200,
    fields: [
      'content-type',
      'application/json',
      'cache-control',
      'public, max-age=300',
      'etag',
      `"${seed}-5f3759df"`,
      'date',
      'Thu, 01 Jan 2026 00:00:00 GMT',
      'x-seed',
      `${seed}`,
    ],
    requestedAt: NOW - 20,
    receivedAt: NOW,
    initialAge: 20,
    lifetime: 300_000,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    rules: 0,
    selecting: [],
    variant: '',
    url: `http://shop.example/products/${index}`,
    route: `route ${index % 3}`,
    tags: [`tag ${index % 5}`, `tag ${index % 7}`],
    groups: [],
    range: undefined,
    staleSince: undefined,
    ...changes,
  }
}

export function seedOf({ fields }: StoredHead): number {
  return Number(fields[fields.indexOf('x-seed') + 1])
}
