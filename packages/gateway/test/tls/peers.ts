import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { requestOf } from './clients.ts'

/** A folder for the time of a test, with these files in it. */
export function folderWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-tls-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** What `openssl s_client` says of a handshake, whether it failed or not. */
export function openssl(port: number, ...words: readonly string[]): Promise<string> {
  const options = ['s_client', '-connect', `127.0.0.1:${port}`, ...words]
  return new Promise((resolve) => {
    const child = execFile('openssl', options, { timeout: 20_000 }, (_failed, out, err) => resolve(out + err))
    // What is at the end of its input ends the connection.
    child.stdin?.end()
  })
}

/** The common name of the certificate that openssl was served; undefined where it got none. */
export function servedTo(said: string): string | undefined {
  return /^subject=.*?CN ?= ?([^,\n]+)/m.exec(said)?.[1]
}

/** What openssl says of a connection with a request on it, with a ticket that it has from before, or that it keeps. */
export async function resume(
  cwd: string,
  port: number,
  servername: string,
  words: readonly string[],
): Promise<string> {
  const options = [
    's_client',
    '-connect',
    `127.0.0.1:${port}`,
    '-servername',
    servername,
    '-ign_eof',
    ...words,
  ]
  const child = spawn('openssl', options, { cwd, timeout: 20_000 })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (said += piece.toString()))
  child.stdin.on('error', () => {})
  child.stdin.write(requestOf({ servername }))
  await once(child, 'close')
  return said
}
