import type { Upstream } from '@headgate/core'

type CheckedUpstream = Pick<Upstream, 'name' | 'startChecks' | 'stopChecks'>

/** Keeps the endpoints of all upstreams of a configuration checked: in one thread for all, whose workers share what it finds. */
export class HealthChecks {
  private readonly report: (message: string) => void
  private followed: ReadonlySet<CheckedUpstream> = new Set()

  /** @param report told when an endpoint has become healthy or unhealthy */
  constructor(report: (message: string) => void = () => {}) {
    this.report = report
  }

  /** Checks these from now on, and no others; those that were checked already go on undisturbed. */
  follow(upstreams: ReadonlyMap<string, { readonly upstream: CheckedUpstream }>): void {
    const next = new Set(Array.from(upstreams.values(), ({ upstream }) => upstream))
    for (const upstream of this.followed) if (!next.has(upstream)) upstream.stopChecks()
    for (const upstream of next) if (!this.followed.has(upstream)) this.start(upstream)
    this.followed = next
  }

  stop(): void {
    this.follow(new Map())
  }

  private start(upstream: CheckedUpstream): void {
    upstream.startChecks((endpoint, healthy, reason) => {
      const change = healthy ? 'is healthy again' : `is unhealthy: ${reason}`
      this.report(`upstream ${upstream.name}: ${endpoint} ${change}`)
    })
  }
}
