import { ownDeep } from '@headgate/core'
import type { ClientOptions, PolicyOptions, PresetName } from './options.ts'

type Preset = PolicyOptions & Pick<ClientOptions, 'guard' | 'pool'>

/** Defaults by purpose. `extend` and options of a call change single ones. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = ownDeep({
  /** For calls to services that one knows: everything that keeps a bad day of theirs from becoming one's own. */
  standard: {
    timeout: { connect: 5_000, head: 30_000, idle: 30_000, deadline: 30_000 },
    retry: { attempts: 3 },
    // As long as a call may take, so that calls that all time out are counted together.
    breaker: { window: 30_000 },
    redirect: 20,
    maxBufferedBody: 16 * 1024 * 1024,
  },
  /**
   * What the platform's `fetch` does, for libraries that have retries and time limits of their own: one try, no deadline, 5 minutes for
   * a head, and bodies that may flow for hours. Pool, guard, limits and events are the client's.
   */
  fetch: {
    timeout: { connect: 10_000, head: 300_000, idle: 300_000, deadline: Infinity },
    retry: false,
    breaker: false,
    redirect: 20,
    maxBufferedBody: Infinity,
  },
  /** What `fetch` does, with time limits: for calls that have their own ideas, and for measuring. */
  minimal: {
    timeout: { connect: 5_000, head: 30_000, idle: 30_000, deadline: Infinity },
    retry: false,
    breaker: false,
    redirect: 20,
    maxBufferedBody: 16 * 1024 * 1024,
  },
  /** `standard` for URLs that others have chosen, as of webhooks and images: only public addresses, and nothing endless. */
  untrusted: {
    timeout: { connect: 5_000, head: 30_000, idle: 30_000, deadline: 30_000 },
    retry: { attempts: 3 },
    breaker: { window: 30_000 },
    redirect: 10,
    guard: true,
    maxBody: 100 * 1024 * 1024,
    maxBufferedBody: 16 * 1024 * 1024,
  },
  /** For following links: only public addresses, little at a time, and patience. */
  crawler: {
    timeout: { connect: 10_000, head: 30_000, idle: 15_000, deadline: 120_000 },
    retry: { attempts: 3, backoff: { base: 1_000, max: 30_000 } },
    breaker: { window: 30_000 },
    pacing: true,
    maxBody: 100 * 1024 * 1024,
    redirect: 10,
    guard: true,
    pool: { maxConnections: 4, pendingTimeout: 60_000 },
    maxBufferedBody: 10 * 1024 * 1024,
  },
})
