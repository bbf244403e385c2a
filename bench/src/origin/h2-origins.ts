import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Certificate } from '../certificate.ts'
import { freePort } from '../../../scripts/testing/free-port.ts'
import { outputOf } from '../processes.ts'
import { smallBody, smallMessage } from './documents.ts'

const ROUTES = 50

/** One nghttpd each: what it says at the end of responses goes for all that it serves. */
export interface H2Origins {
  h2c: number
  grpc: number
  /** Undefined without a certificate. */
  h2: number | undefined
}

/**
 * The services behind proxies that speak HTTP/2 to them: nghttpd, which answers many streams by one write. They run on the
 * core of the load side.
 * @returns their ports; undefined where nghttpd is not there
 */
export async function startH2Origins(
  certificate: Pick<Certificate, 'certFile' | 'keyFile'> | undefined,
): Promise<H2Origins | undefined> {
  if (outputOf('nghttpd', ['--version']) === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'headgate-h2c-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (let route = 0; route < ROUTES; route++) {
    mkdirSync(join(folder, `r${route}`))
    writeFileSync(join(folder, `r${route}`, 'small'), smallBody)
    writeFileSync(join(folder, `r${route}`, 'small.grpc'), smallMessage)
  }
  const types = join(folder, 'types')
  writeFileSync(types, 'application/grpc grpc\n')
  const grpc = ['--mime-types-file', types, '--no-content-length', '--trailer', 'grpc-status: 0']
  return {
    h2c: await nghttpd(folder, ['--no-tls']),
    grpc: await nghttpd(folder, ['--no-tls', ...grpc]),
    h2: certificate && (await nghttpd(folder, [], [certificate.keyFile, certificate.certFile])),
  }
}

async function nghttpd(
  folder: string,
  options: readonly string[],
  keys: readonly string[] = [],
): Promise<number> {
  const port = await freePort()
  const all = [...options, '-a', '127.0.0.1', '-m', '1000', '-d', folder, String(port), ...keys]
  // The group ends with the load side, which leads it.
  const child = spawn('nghttpd', all, { stdio: 'ignore' })
  process.on('exit', () => child.kill())
  while (!(await listens(port))) await sleep(20)
  return port
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
