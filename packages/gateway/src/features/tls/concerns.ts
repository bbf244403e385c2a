import type { CertificateFacts } from './certificate.ts'

/** What is wrong with a certificate that can be served all the same. */
export interface Concern {
  /** A whole sentence without its end. */
  readonly problem: string
  readonly remedy: string
}

export const DAY: number = 24 * 60 * 60 * 1000

/** Authorities renew certificates of 90 days at two thirds of that: what has less left was not renewed. Days. */
const SOON = 30

const RENEW = 'have it renewed; the gateway takes the new file as soon as it is there'
const RENEWED_HERE = 'the gateway should have renewed it: its log says why it could not'

/**
 * @param now milliseconds since 1970-01-01 UTC
 * @param isServed whether a listener serves it: what an upstream is shown needs to name no host
 */
export function concernsOf(facts: CertificateFacts, now: number, isServed = true): Concern[] {
  const { notBefore, notAfter, chain, isManaged } = facts
  const remedy = isManaged ? RENEWED_HERE : RENEW
  const subject = subjectOf(facts)
  const concerns: Concern[] = []
  const left = daysLeft(notAfter, now)
  if (notAfter <= now) concerns.push({ problem: `${subject} has expired on ${day(notAfter)}`, remedy })
  else if (notAfter - now < soon(facts)) {
    const days = left === 1 ? '1 day' : `${left} days`
    concerns.push({ problem: `${subject} expires in ${days}, on ${day(notAfter)}`, remedy })
  }
  if (notBefore > now)
    concerns.push({
      problem: `${subject} is not valid before ${new Date(notBefore).toISOString()}`,
      remedy: 'look at the clock of this machine',
    })
  if (chain !== undefined) concerns.push({ problem: `${subject}: ${chain.problem}`, remedy: chain.remedy })
  const nameless = isServed ? namesNoHost(facts) : undefined
  return nameless === undefined ? concerns : [...concerns, nameless]
}

/** Undefined where it names some. */
export function namesNoHost(facts: CertificateFacts): Concern | undefined {
  if (facts.names.length > 0) return undefined
  return {
    problem: `${subjectOf(facts)} names no host (subjectAltName), so that clients refuse it`,
    remedy: 'have one made that names its hosts',
  }
}

function subjectOf({ names: [first], from }: CertificateFacts): string {
  return `the certificate ${first === undefined ? `of ${from}` : `for ${first}`}`
}

/**
 * With how much time left that is told, in milliseconds. What the gateway renews has a third of its life left by then: if it has
 * less than a quarter, that has failed for a while.
 */
function soon({ notBefore, notAfter, isManaged }: CertificateFacts): number {
  return isManaged ? Math.min(SOON * DAY, (notAfter - notBefore) / 4) : SOON * DAY
}

/** Whole ones that are left; 0 on the last day. */
export function daysLeft(notAfter: number, now: number): number {
  return Math.floor((notAfter - now) / DAY)
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** Whether one of these names is that of a host, or of hosts (`*.shop.example`), as routes have it. */
export function covers(names: ReadonlySet<string>, host: string): boolean {
  const dot = host.indexOf('.')
  return names.has(host) || (!host.startsWith('*') && dot > 0 && names.has(`*${host.slice(dot)}`))
}
