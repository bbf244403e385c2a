import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { connect } from 'node:tls'
import { type Certificate, makeCertificate } from '../../../core/test/certificates.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

/** The fingerprint of the certificate that a new connection is served; undefined where the handshake fails. */
function served(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, servername: 'shop.example' })
    socket.on('error', () => resolve(undefined))
    socket.on('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256)
      socket.destroy()
    })
  })
}

/** What `GET /status` says of certificates that were refused. */
async function refusedBy(socketPath: string): Promise<unknown> {
  const [response] = (await once(get({ socketPath, path: '/status' }), 'response')) as [IncomingMessage]
  return ((await json(response)) as { refusedCertificates: unknown }).refusedCertificates
}

/** As the kubelet does it: a folder of its own, and one link that leads there. */
function putVolume(cwd: string, name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(cwd, name))
  for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, name, file), text)
  symlinkSync(name, join(cwd, '..data_tmp'))
  renameSync(join(cwd, '..data_tmp'), join(cwd, '..data'))
}

const filesOf = ({ cert, key }: Certificate): Record<string, string> => ({ 'tls.crt': cert, 'tls.key': key })

it('certificates are swapped when their files change, and no handshake fails; a broken one leaves the one before', async () => {
  const made = [1, 2, 3].map((count) => makeCertificate({ names: ['shop.example'], days: count * 40 }))
  const [first, second, third] = made
  assert.ok(first && second && third)
  const cwd = folder({})
  putVolume(cwd, '..1', filesOf(first))
  for (const file of ['tls.crt', 'tls.key']) symlinkSync(join('..data', file), join(cwd, file))
  const config = {
    workers: 2,
    listeners: [{ address: '127.0.0.1:0', tls: { certificates: [{ cert: 'tls.crt', key: 'tls.key' }] } }],
    admin: { address: `unix:${join(cwd, 'admin.sock')}` },
    routes: [
      { name: 'shop', respond: {} },
      { name: 'other', match: { host: 'other.example' }, respond: {} },
    ],
  }
  writeFileSync(join(cwd, 'headgate.json'), JSON.stringify(config))
  const gateway = new TestProcess(process.execPath, [HEADGATE, 'run', '-c', join(cwd, 'headgate.json')], {
    cwd,
  })
  await gateway.print(/ready: version/)
  assert.match(
    gateway.stderr,
    /tls: no certificate covers other\.example, which the route \\"other\\" is for[^\n]*; add one/,
  )
  const [, found] = await gateway.print(/"url":"https:\/\/127\.0\.0\.1:(\d+)"/)
  const port = Number(found)

  const before = await served(port)
  const progress = { isOver: false }
  let failed = 0
  const seen = new Set<string | undefined>()
  const load = async (): Promise<void> => {
    while (!progress.isOver) {
      const print = await served(port)
      if (print === undefined) failed++
      seen.add(print)
    }
  }
  const running = [load(), load()]
  /** Waits until the load itself has met this certificate, however slow the machine is. */
  const isMet = (print: string | undefined): Promise<boolean> =>
    eventually(() => seen.has(print), 'the load is served the certificate')
  const becomesOther = async (known: string | undefined): Promise<string> => {
    const other = await eventually(async () => {
      const print = await served(port)
      return print !== known && print
    }, 'another certificate is served')
    assert.ok(other)
    return other
  }
  try {
    await isMet(before)
    putVolume(cwd, '..2', filesOf(second))
    const after = await becomesOther(before)
    await isMet(after)

    putVolume(cwd, '..3', { 'tls.crt': third.cert, 'tls.key': second.key })
    await gateway.print(
      /tls\.crt cannot be used: its key \S+ does not belong[^]*the one before stays in force: shop\.example/,
    )
    assert.equal(await served(port), after)
    const told = await new TestProcess(
      process.execPath,
      [HEADGATE, 'certs', '-c', join(cwd, 'headgate.json')],
      { cwd },
    ).finished
    assert.match(
      told.stdout,
      /^NAMES +ISSUER[^\n]*\nshop\.example +CN=shop\.example +79 +ECDSA P-256 +\S+tls\.crt +https:\S+ +the file: cannot be used: its key/,
    )
    assert.deepEqual(await refusedBy(join(cwd, 'admin.sock')), [
      {
        place: join(cwd, 'tls.crt'),
        problem: `cannot be used: its key ${join(cwd, 'tls.key')} does not belong to the certificate: its public key is another one`,
        remedy: 'name the key that the certificate was made for, or have one made for this key',
      },
    ])
    assert.doesNotMatch(told.stdout + gateway.stderr, /PRIVATE KEY/)

    putVolume(cwd, '..4', filesOf(third))
    const last = await becomesOther(after)
    await isMet(last)
    assert.deepEqual(await refusedBy(join(cwd, 'admin.sock')), [])
    assert.match(gateway.stderr, /tls\.crt is in force anew: shop\.example, valid until 20/)

    assert.equal(failed, 0)
    assert.deepEqual(seen, new Set([before, after, last]))
  } finally {
    progress.isOver = true
    await Promise.all(running)
  }
  gateway.child.kill('SIGTERM')
  assert.equal((await gateway.finished).code, 0)
})
