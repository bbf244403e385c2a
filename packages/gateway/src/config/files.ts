import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { GatewayConfig } from './schema/schema.ts'
import type { ListenerConfig } from './schema/gateway-sections.ts'
import type { UpstreamConfig } from './schema/upstream-schema.ts'
import { warmFiles } from '../features/cache/warming/setting.ts'
import { geoFiles } from '../features/geo/geo-files.ts'
import { keysOf } from '../settings/problems/fields.ts'
import { type Finding, type Path, valueAt } from '../settings/problems/problem.ts'
import { whyUnreadable } from '../settings/read/read-text.ts'
import { LARGEST_PEM, readPlainFile } from '../plain-file.ts'

/** The configuration with the paths of files made absolute: relative ones start at the configuration's folder. */
export function resolveFiles(config: GatewayConfig, folder: string): GatewayConfig {
  const { accessLog } = config
  const upstreams = Object.entries(config.upstreams).map(([name, upstream]) => [
    name,
    upstreamFiles(upstream, folder),
  ])
  return {
    ...config,
    listeners: config.listeners.map((listener) => listenerFiles(listener, folder)),
    accessLog:
      accessLog === false || accessLog.path === 'stdout'
        ? accessLog
        : { ...accessLog, path: resolve(folder, accessLog.path) },
    cache: { ...config.cache, warm: warmFiles(config.cache.warm, folder) },
    ...(config.geo && { geo: geoFiles(config.geo, folder) }),
    admin: adminFiles(config.admin, folder),
    versions: versionsFolder(config.versions, folder),
    upstreams: Object.fromEntries(upstreams),
  }
}

function adminFiles(admin: GatewayConfig['admin'], folder: string): GatewayConfig['admin'] {
  if (admin === false || admin.token === undefined || !('file' in admin.token)) return admin
  return { ...admin, token: { file: resolve(folder, admin.token.file) } }
}

function versionsFolder(versions: GatewayConfig['versions'], folder: string): GatewayConfig['versions'] {
  const { directory } = versions
  return directory === undefined ? versions : { ...versions, directory: resolve(folder, directory) }
}

function listenerFiles(listener: ListenerConfig, folder: string): ListenerConfig {
  const { tls } = listener
  if (tls === undefined) return listener
  return { ...listener, tls: { ...tls, cert: resolve(folder, tls.cert), key: resolve(folder, tls.key) } }
}

function upstreamFiles(upstream: UpstreamConfig, folder: string): UpstreamConfig {
  const { tls } = upstream
  return tls?.ca === undefined ? upstream : { ...upstream, tls: { ...tls, ca: resolve(folder, tls.ca) } }
}

/**
 * Whether certificates and keys can be read and belong together. Looks at the configuration as it was written,
 * as crossChecks does.
 */
export async function checkFiles(input: unknown, folder: string): Promise<Finding[]> {
  const listeners = keysOf(valueAt(input, ['listeners'])).map((index) => ['listeners', Number(index), 'tls'])
  const upstreams = keysOf(valueAt(input, ['upstreams'])).map((name) => ['upstreams', name, 'tls'])
  const findings = await Promise.all([
    ...listeners.map((path) => checkTls(input, path, ['cert', 'key'], folder)),
    ...upstreams.map((path) => checkTls(input, path, ['ca'], folder)),
  ])
  return findings.flat()
}

/** PEM as read from files. */
interface Material {
  cert?: Buffer
  key?: Buffer
  ca?: Buffer
}

async function checkTls(
  input: unknown,
  path: Path,
  names: (keyof Material)[],
  folder: string,
): Promise<Finding[]> {
  const findings: Finding[] = []
  const material: Material = {}
  for (const name of names) {
    const written = valueAt(input, [...path, name])
    if (typeof written !== 'string' || written.trim() === '' || written.includes('\0')) continue
    try {
      material[name] = readPlainFile(resolve(folder, written), LARGEST_PEM)
    } catch (error) {
      findings.push({
        path: [...path, name],
        problem: `cannot be read: ${whyUnreadable(error)}`,
        allowed: 'a PEM file',
      })
    }
  }
  return [...findings, ...checkMaterial(material, path)]
}

/** Each file alone first, so that the right one is named; then whether they fit together. */
function checkMaterial(material: Material, path: Path): Finding[] {
  const wrong = Object.entries(material).flatMap(([name, content]) => {
    const problem = name === 'key' ? opensslProblem({ key: content }) : certificateProblem(content)
    return problem === undefined
      ? []
      : [{ path: [...path, name], problem: `cannot be used: ${problem}`, allowed: 'a PEM file' }]
  })
  if (wrong.length > 0 || material.key === undefined || material.cert === undefined) return wrong
  const problem = opensslProblem(material)
  if (problem === undefined) return []
  return [{ path: [...path, 'key'], problem: `does not belong to the certificate: ${problem}` }]
}

/** createSecureContext passes over a file without any certificate; connections fail later, with no hint why. */
function certificateProblem(pem: Buffer): string | undefined {
  return pem.includes('-----BEGIN ') ? reasonUnless(() => new X509Certificate(pem)) : 'it is not PEM'
}

function opensslProblem(material: SecureContextOptions): string | undefined {
  return reasonUnless(() => createSecureContext(material))
}

/** OpenSSL's reasons name what is wrong and never hold what is in the file. */
function reasonUnless(use: () => unknown): string | undefined {
  try {
    use()
    return undefined
  } catch (error) {
    return error instanceof Error && 'reason' in error ? String(error.reason) : 'it is not PEM'
  }
}
