import type { UpstreamConfig } from '../schema/upstream-schema.ts'

/**
 * The group that stands for a URL written in place of a group's name: one endpoint, all defaults. What the schema would
 * make of it, which a test compares, without the schema: worker threads resolve upstreams and must not load zod.
 * @param url in canonical form
 */
export function inlineUpstream(url: string): UpstreamConfig {
  return { endpoints: [{ url, weight: 1, priority: 0 }], ...DEFAULTS }
}

/** Times in milliseconds. */
const DEFAULTS: Omit<UpstreamConfig, 'endpoints'> = {
  balance: 'round-robin',
  slowStart: 0,
  panicThreshold: 30,
  overprovisioning: 140,
  outliers: {
    consecutiveFailures: 5,
    statuses: [502, 503, 504],
    successRate: false,
    interval: 10_000,
    ejectionTime: 30_000,
    maxEjectionTime: 300_000,
    maxEjectionPercent: 50,
  },
  health: false,
  pool: {
    maxConnections: 1024,
    maxPending: 1024,
    pendingTimeout: 5_000,
    idleTimeout: 60_000,
    maxAge: 600_000,
  },
}
