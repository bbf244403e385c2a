import type { StoredHead } from '../../../src/policies/cache/store.ts'

/** A head that says little, for tests that say the rest. */
export function storedHead(changes: Partial<StoredHead> = {}): StoredHead {
  return {
    status: 200,
    fields: [],
    requestedAt: 0,
    receivedAt: 0,
    initialAge: 0,
    lifetime: 0,
    staleWhileRevalidate: 0,
    staleIfError: 0,
    rules: 0,
    selecting: [],
    variant: '',
    url: 'http://a.example/',
    route: '',
    tags: [],
    groups: [],
    ...changes,
  }
}
