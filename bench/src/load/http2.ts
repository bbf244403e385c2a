import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { processTree } from '../accounting.ts'
import { smallMessage } from '../origin/documents.ts'
import type { Origin } from '../origin/origin.ts'
import type { Http2Job, Measurement } from './job.ts'
import { readings, spent, warmUp } from './window.ts'

const TARGETS = 'targets'
const MESSAGE = 'message'
const GRPC_FIELDS = ['content-type: application/grpc', 'te: trailers', 'grpc-accept-encoding: identity, gzip']

/**
 * h2load runs twice, to warm up and to be measured: it does not say what it did in a part of its time. Processor time of opening the
 * connections is counted; they are few, and open for seconds.
 */
export async function http2(job: Http2Job, origin: Origin): Promise<Measurement> {
  const { window } = job
  const folder = mkdtempSync(join(tmpdir(), 'headgate-h2load-'))
  try {
    writeFileSync(join(folder, TARGETS), targetsOf(job))
    writeFileSync(join(folder, MESSAGE), smallMessage)
    const upstreamBefore = origin.accepted
    await warmUp(window, (seconds) => h2load(job, folder, seconds))
    const proxy = window.proxyPid === undefined ? [] : processTree(window.proxyPid)
    const before = readings(proxy)
    const { succeeded, failed, bytes } = await h2load(job, folder, window.seconds)
    const after = readings(proxy)
    return {
      ...spent(before, after),
      requests: succeeded,
      bytes,
      failures: failed === 0 ? {} : { 'failed, h2load says': failed },
      upstreamConnections: origin.accepted - upstreamBefore,
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function targetsOf({ target, routes, paths, grpc }: Http2Job): string {
  const base = `${target.ca === undefined ? 'http' : 'https'}://127.0.0.1:${target.port}`
  const lines = Array.from(
    { length: paths },
    (_, path) => `${base}/r${path % routes}/${grpc ? 'small.grpc' : 'small'}?n=${path}\n`,
  )
  return lines.join('')
}

async function h2load({ connections, streams, fields, grpc }: Http2Job, folder: string, seconds: number) {
  const more = Array.from({ length: fields }, (_, field) => `x-field-${field}: value ${field} of ${fields}`)
  const own = grpc ? [...GRPC_FIELDS, ...more] : more
  const load = ['-c', String(connections), '-m', String(streams), '-t', '1', '-i', join(folder, TARGETS)]
  if (grpc) load.push('-d', join(folder, MESSAGE))
  const time = ['-D', String(Math.max(1, Math.round(seconds)))]
  const args = [...load, ...time, ...own.flatMap((field) => ['-H', field])]
  const { stdout } = await promisify(execFile)('h2load', args)
  const [, succeeded, failed, errored, timedOut] =
    /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(stdout) ?? []
  const [, bytes] = /\((\d+)\) data/.exec(stdout) ?? []
  if (succeeded === undefined) throw new Error(`h2load did not say what it did: ${stdout.slice(-500)}`)
  return {
    succeeded: Number(succeeded),
    failed: Number(failed) + Number(errored) + Number(timedOut),
    bytes: Number(bytes ?? 0),
  }
}
