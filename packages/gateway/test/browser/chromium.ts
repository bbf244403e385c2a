import { spawn } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { once } from 'node:events'
import type { TestContext } from 'node:test'

/** Where Chromium is, by the names that systems give it; undefined where there is none. */
export function chromiumPath(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return ['chromium', 'chromium-browser']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path))
}

/**
 * Opens a page in a browser of its own, which trusts this certificate and asks nobody but this machine. It is gone when the test is
 * over; the promise rejects if it goes before.
 */
export function openPage(t: TestContext, program: string, url: string, cert: string): Promise<never> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-chromium-'))
  const child = spawn(
    program,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-extensions',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
      `--ignore-certificate-errors-spki-list=${keyHash(cert)}`,
      `--user-data-dir=${folder}`,
      '--remote-debugging-pipe',
      url,
    ],
    // The pipes of the debugger hold it open until they end; what it complains of is no concern of the test.
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  )
  const gone = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await gone
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  })
  const left = gone.then(([code, signal]) => {
    throw new Error(`the browser ended: code ${String(code)}, signal ${String(signal)}`)
  })
  left.catch(() => {}) // it is ended when the test is over
  return left
}

/** SHA-256 of the key in a certificate, as Chromium is told of it. */
function keyHash(cert: string): string {
  const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}
