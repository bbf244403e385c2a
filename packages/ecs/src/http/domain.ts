import { DomainCounts } from './domain-counts.ts'

/** A host, with its port if that is no default: what rate limits and figures go by. */
export class Domain {
  readonly name: string
  readonly counts: DomainCounts

  constructor(name: string, counts: DomainCounts = new DomainCounts()) {
    this.name = name
    this.counts = counts
  }
}

/** A crawler meets very many: beyond this number, those that are met for the first time are counted under one name. */
const MAX_DOMAINS = 10_000
const OTHERS = 'others'

/** All domains that requests went to. */
export class Domains {
  private readonly byName = new Map<string, Domain>()
  private readonly others = new Domain(OTHERS)
  /** By what stands before the path of an absolute URL: to parse each URL would take as long as all the rest. */
  private readonly byStart = new Map<string, Domain>()

  /** Requests come in runs to one domain: how the last URL began, with the slash behind it. */
  private lastStart: string | undefined
  private last: Domain = this.others

  /** That of a URL; of one that is none the domain without a name. @param base what it is relative to */
  of(url: string, base: string | undefined): Domain {
    if (this.lastStart !== undefined && url.startsWith(this.lastStart)) return this.last
    const start = startOf(url)
    if (start === undefined) return this.named(hostOf(url, base))
    this.last = this.byStart.get(start) ?? this.remember(start, url)
    // Without the slash, other hosts begin so, too.
    this.lastStart = url.length > start.length ? `${start}/` : undefined
    return this.last
  }

  /** Undefined if no request went there. */
  find(name: string): Domain | undefined {
    return this.byName.get(name)
  }

  *[Symbol.iterator](): Generator<Domain> {
    yield* this.byName.values()
    if (this.others.counts.submitted > 0) yield this.others
  }

  private remember(start: string, url: string): Domain {
    const domain = this.named(hostOf(url, undefined))
    if (this.byStart.size < MAX_DOMAINS) this.byStart.set(start, domain)
    return domain
  }

  private named(name: string): Domain {
    const known = this.byName.get(name)
    if (known !== undefined) return known
    if (this.byName.size < MAX_DOMAINS) {
      const domain = new Domain(name)
      this.byName.set(name, domain)
      return domain
    }
    // Its rate limit is its own all the same: that goes by the name.
    return new Domain(name, this.others.counts)
  }
}

/** `https://api.example.com` of what begins so; undefined for what is not written in the usual way. */
function startOf(url: string): string | undefined {
  if (!url.startsWith('https://') && !url.startsWith('http://')) return undefined
  const end = url.indexOf('/', 8)
  return end < 0 ? url : url.slice(0, end)
}

function hostOf(url: string, base: string | undefined): string {
  return URL.parse(url, base)?.host ?? ''
}
