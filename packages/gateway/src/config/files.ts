import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import type { GatewayConfig } from './schema/schema.ts'
import type { ListenerConfig } from './schema/gateway-sections.ts'
import type { UpstreamConfig } from './schema/upstream-schema.ts'
import { warmFiles } from '../features/cache/warming/setting.ts'
import { rootChecks } from '../features/files/checks.ts'
import { absoluteRoot } from '../features/files/setting.ts'
import { geoFiles } from '../features/geo/geo-files.ts'
import { certificateChecks, tlsFiles, upstreamTlsFiles } from '../features/tls/checks.ts'
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
    stores: storeFiles(config.stores, folder),
    cache: cacheFiles(config.cache, folder),
    ...(config.geo && { geo: geoFiles(config.geo, folder) }),
    admin: adminFiles(config.admin, folder),
    versions: versionsFolder(config.versions, folder),
    ...(config.tls.storage !== undefined && {
      tls: { ...config.tls, storage: resolve(folder, config.tls.storage) },
    }),
    upstreams: Object.fromEntries(upstreams),
    routes: config.routes.map((route) =>
      route.files === undefined ? route : { ...route, files: absoluteRoot(route.files, folder) },
    ),
  }
}

function cacheFiles(cache: GatewayConfig['cache'], folder: string): GatewayConfig['cache'] {
  const { disk, warm } = cache
  return {
    ...cache,
    warm: warmFiles(warm, folder),
    ...(disk && { disk: { ...disk, path: resolve(folder, disk.path) } }),
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
  return tls === undefined ? listener : { ...listener, tls: tlsFiles(tls, folder) }
}

function storeFiles(stores: GatewayConfig['stores'], folder: string): GatewayConfig['stores'] {
  const entries = Object.entries(stores).map(([name, store]) => [
    name,
    store.ca === undefined ? store : { ...store, ca: resolve(folder, store.ca) },
  ])
  return Object.fromEntries(entries)
}

function upstreamFiles(upstream: UpstreamConfig, folder: string): UpstreamConfig {
  const { tls } = upstream
  return tls === undefined ? upstream : { ...upstream, tls: upstreamTlsFiles(tls, folder) }
}

/**
 * Whether certificates and keys can be read and belong together, and folders are there. Looks at the configuration as it was written,
 * as crossChecks does.
 */
export function checkFiles(input: unknown, folder: string): Finding[] {
  const listeners = keysOf(valueAt(input, ['listeners'])).map((index) => ['listeners', Number(index), 'tls'])
  const upstreams = keysOf(valueAt(input, ['upstreams'])).map((name) => ['upstreams', name, 'tls'])
  const stores = keysOf(valueAt(input, ['stores'])).map((name) => ['stores', name])
  return [
    ...[...listeners, ...upstreams].flatMap((path) => certificateChecks(valueAt(input, path), path, folder)),
    ...[...upstreams, ...stores].flatMap((path) => checkAuthorities(input, [...path, 'ca'], folder)),
    ...keysOf(valueAt(input, ['routes'])).flatMap((index) =>
      rootChecks(input, ['routes', Number(index), 'files'], folder),
    ),
  ]
}

function checkAuthorities(input: unknown, path: Path, folder: string): Finding[] {
  const written = valueAt(input, path)
  if (typeof written !== 'string' || written.trim() === '' || written.includes('\0')) return []
  const allowed = 'a PEM file'
  try {
    const pem = readPlainFile(resolve(folder, written), LARGEST_PEM)
    const problem = certificateProblem(pem)
    return problem === undefined ? [] : [{ path, problem: `cannot be used: ${problem}`, allowed }]
  } catch (error) {
    return [{ path, problem: `cannot be read: ${whyUnreadable(error)}`, allowed }]
  }
}

/** createSecureContext passes over a file without any certificate; connections fail later, with no hint why. */
function certificateProblem(pem: Buffer): string | undefined {
  if (!pem.includes('-----BEGIN ')) return 'it is not PEM'
  try {
    void new X509Certificate(pem)
    return undefined
  } catch (error) {
    // OpenSSL's reasons name what is wrong and never hold what is in the file.
    return error instanceof Error && 'reason' in error ? String(error.reason) : 'it is not PEM'
  }
}
