import { createHash } from 'node:crypto'
import type { GatewayConfig } from './config/schema/schema.ts'
import type { ListenerConfig } from './config/schema/gateway-sections.ts'
import { trustConfigs, trustFiles } from './features/client-certificates/authorities.ts'
import { certificateFiles, certificateIdentity } from './features/tls/certificate.ts'
import { certificateConfigs } from './features/tls/certificates.ts'
import { certificatesOf } from './features/tls/setting.ts'
import { clientCertificateOf } from './features/tls/upstream-setting.ts'
import type { UpstreamConfig } from './config/schema/upstream-schema.ts'
import { schemasIdentity } from './features/validation/schema-documents.ts'
import type { SharedKind } from './shared.ts'
import { LARGEST_PEM, readPlainFile } from './plain-file.ts'

// Who is who across a reload: a part whose identity is the same before and after goes on as it is. Each identity is the text
// of all that the part is made from, so that two parts are never taken for one.

/** What is in the files that a configuration names, as SHA-256 by path: a renewed certificate is a change. */
export type FileDigests = ReadonlyMap<string, string>

/** The kind of these among what threads share. */
export const FILES: SharedKind<FileDigests> = { name: 'files' }

/** Reads them. One that cannot be read has none: whoever needs it says so. */
export function fileDigests({ listeners, upstreams, stores }: GatewayConfig): FileDigests {
  const paths = new Set<string>()
  for (const each of certificateConfigs({ listeners, upstreams }).values())
    for (const path of certificateFiles(each)) paths.add(path)
  for (const each of trustConfigs({ listeners }).values())
    for (const path of trustFiles(each)) paths.add(path)
  for (const { tls } of Object.values(upstreams)) if (tls?.ca !== undefined) paths.add(tls.ca)
  for (const { ca } of Object.values(stores)) if (ca !== undefined) paths.add(ca)
  return digestsOf(paths)
}

/** The same of some files. */
export function digestsOf(paths: Iterable<string>): FileDigests {
  const digests = new Map<string, string>()
  for (const path of paths) {
    try {
      digests.set(path, createHash('sha256').update(readPlainFile(path, LARGEST_PEM)).digest('hex'))
    } catch {
      // As above.
    }
  }
  return digests
}

/** Of an upstream: its own part but for its endpoints, and the settings of the whole gateway that its connections follow. */
export function upstreamIdentity(
  name: string,
  upstream: UpstreamConfig,
  config: GatewayConfig,
  files: FileDigests,
): string {
  const { timeouts, limits, minimumByteRate } = config
  const connect = upstream.timeouts?.connect ?? timeouts.connect
  const zone = upstream.zone ?? config.zone
  const followed = [
    connect,
    timeouts.responseHead,
    timeouts.bodyIdle,
    timeouts.streamIdle,
    limits,
    minimumByteRate.grace,
    zone,
  ]
  const { endpoints: _, tls, ...own } = upstream
  const { cert: _cert, key: _key, passphrase: _passphrase, ca, ...others } = tls ?? {}
  // Another certificate in the same files is put in force on what there is, connections apart.
  const shown = tls && clientCertificateOf(tls)
  const certificate = shown && certificateIdentity(shown)
  const authorities = ca === undefined ? null : [ca, files.get(ca)]
  return JSON.stringify([name, own, followed, tls && [others, certificate, authorities]])
}

/** Of the endpoints of an upstream, as they are configured. */
export function endpointsIdentity({ endpoints }: UpstreamConfig): string {
  return JSON.stringify(endpoints)
}

/** Of the certificates of a listener; empty if it has none. */
export function certificatesIdentity({ tls }: ListenerConfig, files: FileDigests): string {
  if (tls === undefined) return ''
  const paths = [
    ...certificatesOf(tls).flatMap((each) => certificateFiles(each)),
    ...Array.from(trustConfigs({ listeners: [{ tls }] }).values(), (each) => trustFiles(each)).flat(),
  ]
  const digests = paths.map((path) => files.get(path))
  return JSON.stringify([tls, digests])
}

/** Of a route: its own part. */
export function routeIdentity(route: GatewayConfig['routes'][number]): string {
  return JSON.stringify(route)
}

/**
 * Of all that every route is compiled with, besides its upstreams: whatever is not named here, so that a setting that is
 * added is not forgotten.
 */
export function commonIdentity(config: GatewayConfig): string {
  const {
    workers: _w,
    listeners: _l,
    admin: _a,
    upstreams: _u,
    routes: _r,
    drain: _d,
    tls: _t,
    variables: _v,
    // Routes hold it.
    shared: _s,
    // Requests that warm come to the routes as others do.
    cache: { warm: _warm, ...cache },
    // Their digests tell them apart.
    schemas,
    ...others
  } = config
  const { discovery: _, ...common } = others
  return JSON.stringify({ ...common, cache, schemas: schemas && schemasIdentity(schemas) })
}
