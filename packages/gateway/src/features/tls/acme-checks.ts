import { resolve } from 'node:path'
import { type Fields, fieldOf, fieldsOf, isFields, listOf } from '../../settings/problems/fields.ts'
import type { Finding, Path } from '../../settings/problems/problem.ts'
import type { AcmeConfig } from './acme-setting.ts'

/** The setting with the paths of files made absolute. */
export function acmeFiles(acme: AcmeConfig, folder: string): AcmeConfig {
  const { ca, dns } = acme
  return {
    ...acme,
    ...(ca !== undefined && { ca: resolve(folder, ca) }),
    ...(dns?.module !== undefined && { dns: { ...dns, module: resolve(folder, dns.module) } }),
  }
}

/**
 * What no value of it shows alone.
 * @param input the whole configuration, as it was written
 */
export function acmeChecks(tls: Fields, input: Fields, path: Path): Finding[] {
  const { acme } = tls
  if (!isFields(acme)) return []
  const { names, challenge, dns } = acme
  const findings: Finding[] = []
  const hosts = names === undefined ? routeHosts(input) : listOf(names)
  const wildcard = hosts.find((host): host is string => typeof host === 'string' && host.startsWith('*'))
  const hasDns = isFields(dns) || challenge === 'dns-01'
  if (names !== undefined && wildcard !== undefined && !hasDns)
    findings.push({
      path: [...path, 'names'],
      whole: true,
      problem: `has the wildcard ${wildcard}, which is proved by dns-01 alone`,
      hint: 'say in dns how records are set',
    })
  if (names === undefined && hosts.every((host) => typeof host === 'string' && host.startsWith('*')))
    findings.push({
      path,
      part: 'key',
      problem: 'has no names, and no route has a host that could be one',
      allowed: 'names: [shop.example], or routes with match.host',
    })
  if (challenge === 'dns-01' && dns === undefined)
    findings.push({
      path: [...path, 'challenge'],
      problem: 'needs dns beside it, which says how records are set',
      allowed: DNS,
    })
  if (isFields(dns) && (dns['command'] === undefined) === (dns['module'] === undefined))
    findings.push({
      path: [...path, 'dns'],
      part: 'key',
      problem: 'needs one of command and module',
      allowed: DNS,
    })
  if (
    challenge === 'http-01' &&
    listOf(fieldOf(input, 'listeners')).every((each) => fieldOf(each, 'tls') !== undefined)
  )
    findings.push({
      path: [...path, 'challenge'],
      problem: 'is answered by listeners without TLS, and there is none',
      allowed: 'a listener that port 80 leads to, or another challenge',
    })
  return findings
}

const DNS = 'dns: { command: [PROGRAM] } or dns: { module: FILE }'

function routeHosts(input: Fields): readonly unknown[] {
  return listOf(fieldOf(input, 'routes')).flatMap((route) => {
    const host = fieldOf(fieldsOf(route)['match'], 'host')
    if (host === undefined) return []
    return Array.isArray(host) ? host : [host]
  })
}
