import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startEcho } from './echo-service.ts'
import { startOrders } from './orders-service.ts'
import { thingsToTry } from './try.ts'

/** The quick start: two demo services, and the gateway in front of them as its command line runs it. */

const here = import.meta.dirname
const headgate = fileURLToPath(new URL('../../packages/gateway/bin/headgate.js', import.meta.url))

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    'admin-port': { type: 'string', default: '9901' },
  },
})

// Whoever ends it has what they wanted, whatever it was at and whoever of its processes ends first: exit code 0.
let isEnding = false
let gateway: ChildProcess | undefined
// A Ctrl-C reaches the gateway by itself; a signal to this process alone does not.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isEnding = true
    gateway?.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
  })
}

const code = await main(values.port, values['admin-port'])
process.exitCode = isEnding ? 0 : code

async function main(port: string, adminPort: string): Promise<number> {
  for (const [option, wanted] of [
    ['--port', port],
    ['--admin-port', adminPort],
  ] as const) {
    if (await isFree(Number(wanted))) continue
    process.stderr.write(
      `Port ${wanted} of 127.0.0.1 is in use. End what uses it ("ss -ltnp sport = :${wanted}" shows that), or choose another:\n` +
        `  npm start -- ${option} ${Number(wanted) + 1}\n`,
    )
    return 1
  }
  const orders = await startOrders(9001)
  const echo = await startEcho(9002)
  const config = configFile({
    '8080': port,
    '9901': adminPort,
    '9001': String(orders.port),
    '9002': String(echo.port),
  })
  const ended = isEnding
    ? 0
    : await runGateway(config, `http://127.0.0.1:${port}`, `http://127.0.0.1:${adminPort}`)
  orders.close()
  echo.close()
  config.remove()
  return ended
}

/** Until it ends; returns its exit code. */
async function runGateway(config: ConfigFile, url: string, admin: string): Promise<number> {
  const child = spawn(process.execPath, [headgate, 'run', '-c', config.file], { stdio: 'inherit' })
  gateway = child
  const ended = once(child, 'exit')
  if (await isReady(child, `${admin}/readyz`)) {
    process.stdout.write(
      `${thingsToTry(url, admin)}\nCtrl-C ends it. The configuration is in ${config.shown}\n\n`,
    )
  }
  const [code] = (await ended) as [number | null]
  return code ?? 1
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

interface ConfigFile {
  readonly file: string
  readonly shown: string
  remove(): void
}

/** headgate.yaml itself, or a copy with other ports where those in it are not to be had. */
function configFile(ports: Readonly<Record<string, string>>): ConfigFile {
  const original = join(here, 'headgate.yaml')
  const shown = relative('', original)
  const text = readFileSync(original, 'utf8')
  const changed = text.replaceAll(
    /127\.0\.0\.1:(\d+)/g,
    (_, port: string) => `127.0.0.1:${ports[port] ?? port}`,
  )
  if (changed === text) return { file: shown, shown, remove() {} }
  const folder = mkdtempSync(join(tmpdir(), 'headgate-quick-start-'))
  const file = join(folder, 'headgate.yaml')
  writeFileSync(file, changed)
  return {
    file,
    shown: `${shown} (with other ports: ${file})`,
    remove: () => rmSync(folder, { recursive: true }),
  }
}

async function isReady(gateway: ChildProcess, url: string): Promise<boolean> {
  while (gateway.exitCode === null && gateway.signalCode === null) {
    const response = await fetch(url).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.status === 200) return true
    await sleep(50)
  }
  return false
}
