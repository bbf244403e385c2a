import type { Finding, Path } from '../../settings/problems/problem.ts'
import { expiredLists } from '../client-certificates/checks.ts'
import { loadCertificate } from './certificate.ts'
import type { CertifiedConfig } from './certificates.ts'
import { concernsOf } from './concerns.ts'
import { type CoveredConfig, uncoveredHosts } from './coverage.ts'
import { managedNames } from './managed.ts'
import { certificatesOf } from './setting.ts'
import { clientCertificateOf } from './upstream-setting.ts'

/** What of a configuration is looked at. */
type WarnedConfig = CoveredConfig & Pick<CertifiedConfig, 'upstreams'>

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
  return [...findings, ...uncoveredHosts(config, names)]
}
