import { members, oneOf, TEXT, WHOLE, type Described } from '../admin-api/schema.ts'
import type { CacheTier } from '../features/cache/tier.ts'
import { redactUrls } from '../settings/redact-text.ts'

/** The store behind the memory, as `GET /cache` tells of it. */
export const TIER = members({
  store: TEXT,
  state: oneOf('unused', 'connecting', 'connected', 'away', 'closed'),
  'reason?': TEXT,
  onStoreError: oneOf('open', 'closed'),
  entries: WHOLE,
  bytes: WHOLE,
  capacity: WHOLE,
})

export type TierAnswer = Described<typeof TIER>

/** How the store behind the memory is doing; what is in it as of the last word, where it is away. */
export async function tierAnswer({ config, link, store }: CacheTier): Promise<TierAnswer> {
  await store.refresh().catch(() => {})
  const { entries, bytes, capacity } = store.stats()
  return {
    store: config.store,
    state: link.state,
    ...(link.reason !== '' && { reason: redactUrls(link.reason) }),
    onStoreError: config.onStoreError,
    entries,
    bytes,
    capacity,
  }
}
