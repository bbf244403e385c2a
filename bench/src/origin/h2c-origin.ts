import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../scripts/testing/free-port.ts'
import { outputOf } from '../processes.ts'
import { smallBody } from './documents.ts'

const ROUTES = 50

/**
 * The service behind proxies that speak HTTP/2 without TLS to it: nghttpd, which answers many streams by one write. It runs on the
 * core of the load side.
 * @returns its port; undefined where nghttpd is not there
 */
export async function startH2cOrigin(): Promise<number | undefined> {
  if (outputOf('nghttpd', ['--version']) === undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'headgate-h2c-'))
  for (let route = 0; route < ROUTES; route++) {
    mkdirSync(join(folder, `r${route}`))
    writeFileSync(join(folder, `r${route}`, 'small'), smallBody)
  }
  const port = await freePort()
  // The group ends with the load side, which leads it.
  const child = spawn('nghttpd', ['--no-tls', '-a', '127.0.0.1', '-m', '1000', '-d', folder, String(port)], {
    stdio: 'ignore',
  })
  process.on('exit', () => {
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  })
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
