import type { Finding, Path } from '../../settings/problems/problem.ts'
import { expiredLists } from '../client-certificates/checks.ts'
import { loadCertificate } from './certificate.ts'
import type { CertifiedConfig } from './certificates.ts'
import { concernsOf, covers } from './concerns.ts'
import { type ManagedConfig, managedNames } from './managed.ts'
import { certificatesOf } from './setting.ts'
import { clientCertificateOf } from './upstream-setting.ts'

/** What of a configuration is looked at. */
interface WarnedConfig extends ManagedConfig, Pick<CertifiedConfig, 'upstreams'> {
  readonly routes: readonly (ManagedConfig['routes'][number] & { readonly name: string })[]
}

/** What is no mistake in the certificates of a configuration, but keeps clients away today or soon. */
export function certificateWarnings(config: WarnedConfig, now: number): Finding[] {
  const names = new Set<string>()
  const findings: Finding[] = []
  for (const [index, { tls }] of config.listeners.entries()) {
    if (tls === undefined) continue
    for (const name of managedNames(config, tls)) names.add(name)
    const isSingle = tls.cert !== undefined
    for (const [place, each] of certificatesOf(tls).entries()) {
      const base: Path = ['listeners', index, 'tls']
      const path = isSingle && place === 0 ? base : [...base, 'certificates', place - (isSingle ? 1 : 0)]
      const { facts } = loadCertificate(each)
      for (const name of facts.names) names.add(name)
      for (const { problem, remedy } of concernsOf(facts, now))
        findings.push({ path: [...path, 'cert'], whole: true, problem, hint: remedy })
    }
  }
  findings.push(...expiredLists(config, now))
  for (const [name, { tls }] of Object.entries(config.upstreams ?? {})) {
    const shown = tls && clientCertificateOf(tls)
    const concerns = shown === undefined ? [] : concernsOf(loadCertificate(shown).facts, now, false)
    for (const { problem, remedy } of concerns)
      findings.push({ path: ['upstreams', name, 'tls', 'cert'], whole: true, problem, hint: remedy })
  }
  // Where something is served without TLS, its hosts may be meant for that.
  const isAllTls = config.listeners.every(({ tls }) => tls !== undefined)
  return isAllTls ? [...findings, ...uncovered(config, names)] : findings
}

function uncovered({ routes }: WarnedConfig, names: ReadonlySet<string>): Finding[] {
  return routes.flatMap(({ name, match }, index) =>
    (match?.host ?? [])
      .filter((host) => !covers(names, host))
      .map((host): Finding => {
        return {
          path: ['routes', index, 'match', 'host'],
          whole: true,
          problem: `no certificate covers ${host}, which the route ${JSON.stringify(name)} is for: clients that ask for it refuse what they are served`,
          hint: 'add one to a listener that has that name, or a wildcard for it, among its names (subjectAltName)',
        }
      }),
  )
}
