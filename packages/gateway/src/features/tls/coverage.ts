import type { Finding } from '../../settings/problems/problem.ts'
import { type Certificates, servedIdentities } from './certificates.ts'
import { covers, namesNoHost } from './concerns.ts'
import { type ManagedConfig, managedNames } from './managed.ts'

/** What of a configuration says which hosts there are. */
export interface CoveredConfig extends ManagedConfig {
  readonly routes: readonly (ManagedConfig['routes'][number] & { readonly name: string })[]
}

/** Hosts of routes that none of the names of certificates is for, with their places. */
export function uncoveredHosts(
  { listeners, routes }: CoveredConfig,
  names: ReadonlySet<string>,
): (Finding & { readonly hint: string })[] {
  // Where something is served without TLS, its hosts may be meant for that.
  if (!listeners.every(({ tls }) => tls !== undefined)) return []
  return routes.flatMap(({ name, match }, index) =>
    (match?.host ?? [])
      .filter((host) => !covers(names, host))
      .map((host) => ({
        path: ['routes', index, 'match', 'host'],
        whole: true,
        problem: `no certificate covers ${host}, which the route ${JSON.stringify(name)} is for: clients that ask for it refuse what they are served`,
        hint: 'add one to a listener that has that name, or a wildcard for it, among its names (subjectAltName)',
      })),
  )
}

/** What a log is told at a time of hosts without a certificate. */
const MOST = 10

/** What clients refuse of the certificates in force because of their names, for the log. */
export function nameWarnings(config: CoveredConfig, certificates: Certificates): string[] {
  const names = new Set<string>()
  const nameless = new Set<string>()
  for (const { tls } of config.listeners) {
    if (tls === undefined) continue
    for (const name of managedNames(config, tls)) names.add(name)
    for (const identity of servedIdentities(tls)) {
      const facts = certificates.get(identity)?.facts
      for (const name of facts?.names ?? []) names.add(name)
      const concern = facts && namesNoHost(facts)
      if (concern !== undefined) nameless.add(`${concern.problem}; ${concern.remedy}`)
    }
  }
  const hosts = uncoveredHosts(config, names).map(({ problem, hint }) => `${problem}; ${hint}`)
  const more = hosts.length - MOST
  const rest =
    more > 0 ? [`${more} more hosts of routes have no certificate: "headgate check" names them`] : []
  return [...nameless, ...hosts.slice(0, MOST), ...rest]
}
