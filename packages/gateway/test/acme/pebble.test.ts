import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect, type PeerCertificate } from 'node:tls'
import { userPages } from '../../../../scripts/docs/markdown.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { freePort } from '../../../../scripts/testing/free-port.ts'
import { Pebble } from '../../../../scripts/testing/pebble.ts'
import { headgate } from '../headgate-command.ts'
import { folder, HEADGATE, TestProcess } from '../headgate-process.ts'

// The gateway with a real authority, which refuses many of its nonces.

interface Served {
  readonly issuer: string
  readonly names: string | undefined
}

function served(port: number, servername: string): Promise<Served> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    socket.on('error', reject)
    socket.on('secureConnect', () => {
      const { issuer, subjectaltname }: PeerCertificate = socket.getPeerCertificate()
      resolve({ issuer: String(issuer.CN), names: subjectaltname })
      socket.destroy()
    })
  })
}

const isOfPebble = ({ issuer }: Served): boolean => issuer.startsWith('Pebble')

interface Ports {
  readonly http: number
  readonly https: number
}

async function ports(): Promise<Ports> {
  return { http: await freePort(), https: await freePort() }
}

function configOf(cwd: string, { http, https }: Ports, pebble: Pebble, acme: object): object {
  return {
    workers: 2,
    listeners: [
      { address: `127.0.0.1:${http}` },
      {
        address: `127.0.0.1:${https}`,
        tls: { acme: { agreeToTerms: true, directory: pebble.directory, ca: pebble.ca, ...acme } },
      },
    ],
    admin: { address: `unix:${join(cwd, 'admin.sock')}` },
    tls: { storage: 'keys' },
    routes: [{ respond: { body: 'hello' } }],
  }
}

async function run(cwd: string, config: object): Promise<TestProcess> {
  writeFileSync(join(cwd, 'headgate.json'), JSON.stringify(config))
  const gateway = new TestProcess(process.execPath, [HEADGATE, 'run'], { cwd })
  await gateway.print(/ready: version/)
  return gateway
}

async function stop(gateway: TestProcess): Promise<void> {
  gateway.child.kill('SIGTERM')
  assert.equal((await gateway.finished).code, 0, gateway.stderr)
}

/** A program that sets records, and writes down how it was called. */
function recordHook({ dnsManagement }: Pebble, cwd: string): string {
  return `
    const [action, name, value] = process.argv.slice(2)
    const { appendFileSync } = await import('node:fs')
    appendFileSync(${JSON.stringify(join(cwd, 'calls'))}, action + ' ' + name + '\\n')
    const place = ${JSON.stringify(dnsManagement)} + (action === 'present' ? '/set-txt' : '/clear-txt')
    await fetch(place, { method: 'POST', body: JSON.stringify({ host: name + '.', value }) })
  `
}

describe('a certificate of an authority', () => {
  let place: Ports
  let pebble: Pebble
  before(async () => {
    place = await ports()
    pebble = await Pebble.start({ httpPort: place.http, tlsPort: place.https })
  })
  after(() => pebble[Symbol.asyncDispose]())

  it('is got by tls-alpn-01 while one of the local authority stands in for it, and is there after a restart', async () => {
    const cwd = folder()
    const config = configOf(cwd, place, pebble, {
      email: 'ops@shop.example',
      names: ['shop.example', 'www.shop.example'],
    })
    const gateway = await run(cwd, config)
    const first = await served(place.https, 'shop.example')
    assert.ok(isOfPebble(first) || first.issuer.startsWith('Headgate development'), first.issuer)
    const got = await eventually(async () => {
      const found = await served(place.https, 'www.shop.example')
      return isOfPebble(found) && found
    }, 'the certificate is here')
    assert.ok(got)
    assert.equal(got.names, 'DNS:shop.example, DNS:www.shop.example')
    for (let turn = 0; turn < 8; turn++) assert.ok(isOfPebble(await served(place.https, 'shop.example')))
    const own = join(cwd, 'keys/acme')
    assert.equal(statSync(own).mode & 0o777, 0o700)
    for (const name of readdirSync(own)) assert.equal(statSync(join(own, name)).mode & 0o777, 0o600, name)
    const { stdout } = await headgate(['certs'], { cwd })
    assert.match(
      stdout,
      /^shop\.example, www\.shop\.example +CN=Pebble Intermediate.* ECDSA P-256 +127\.0\.0\.1:\d+ .* renewed 20/m,
    )
    assert.doesNotMatch(stdout, /Headgate development/)
    await stop(gateway)
    await pebble.kill()
    const again = await run(cwd, config)
    assert.ok(isOfPebble(await served(place.https, 'shop.example')))
    await stop(again)
    assert.doesNotMatch(gateway.stderr + again.stderr, /PRIVATE KEY/)
    await pebble.restart()
  })

  it('is got by http-01, before all routes and in all workers, for an RSA key', async () => {
    const cwd = folder()
    const acme = { names: ['shop.example'], challenge: 'http-01', key: 'rsa2048' }
    const gateway = await run(cwd, configOf(cwd, place, pebble, acme))
    await eventually(
      async () => isOfPebble(await served(place.https, 'shop.example')),
      'the certificate is here',
    )
    const path = `http://127.0.0.1:${place.http}/.well-known/acme-challenge/unknown`
    assert.equal(await (await fetch(path)).text(), 'hello', 'what is no token goes to the routes')
    await stop(gateway)
  })

  it('for a wildcard is got by dns-01 with a command that sets the record, and takes it away again', async () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'hook.mjs'), recordHook(pebble, cwd))
    const acme = {
      names: ['*.shop.example', 'pay.example'],
      dns: { command: [process.execPath, join(cwd, 'hook.mjs')] },
    }
    const gateway = await run(cwd, configOf(cwd, place, pebble, acme))
    await eventually(
      async () => isOfPebble(await served(place.https, 'a.shop.example')),
      'the certificate is here',
    )
    assert.deepEqual(readFileSync(join(cwd, 'calls'), 'utf8').trim().split('\n').sort(), [
      'cleanup _acme-challenge.pay.example',
      'cleanup _acme-challenge.shop.example',
      'present _acme-challenge.pay.example',
      'present _acme-challenge.shop.example',
    ])
    await stop(gateway)
  })

  it('comes with the examples of docs/tls.md, which change nothing but the authority', async () => {
    const cwd = folder()
    const [first, second] = userPages()
      .flatMap((page) => page.blocks)
      .filter(({ place, text }) => place.startsWith('docs/tls.md:') && /\bacme:/.test(text))
      .map(({ text }) => text)
    assert.ok(first && second)
    const elsewhere = await freePort()
    // The documentation names a command that sets records.
    const command = '[/usr/local/bin/set-record]'
    assert.ok(second.includes(command))
    writeFileSync(join(cwd, 'hook.mjs'), recordHook(pebble, cwd))
    const own = second.replace(command, JSON.stringify([process.execPath, join(cwd, 'hook.mjs')]))
    const [atPebble, byRecords] = [first, own.replace('wait: 30s', 'wait: 0s')].map((text, index) =>
      text
        .replace(':443', `127.0.0.1:${index === 0 ? place.https : elsewhere}`)
        .replace(/agreeToTerms: true(?: \}|(\n *))/, (end, line: string | undefined) =>
          end.replace(
            'true',
            `true${line ?? ', '}directory: ${pebble.directory}${line ?? ', '}ca: ${pebble.ca}`,
          ),
        ),
    )
    const rest = 'workers: 1\ntls: { storage: keys }\nadmin: false\nroutes: [{ respond: {} }]\n'
    writeFileSync(join(cwd, 'headgate.yaml'), `${atPebble}${byRecords?.replace('listeners:\n', '')}${rest}`)
    const gateway = new TestProcess(process.execPath, [HEADGATE, 'run'], { cwd })
    await gateway.print(/ready: version/)
    for (const [port, name] of [
      [place.https, 'www.shop.example'],
      [elsewhere, 'any.shop.example'],
    ] as const)
      await eventually(async () => isOfPebble(await served(port, name)), `${name} has its certificate`)
    await stop(gateway)
  })

  it('that does not come is told with the reason and the next try, and the gateway serves on', async () => {
    const cwd = folder()
    // Pebble looks at another port than the one that answers.
    const elsewhere = await ports()
    const acme = { names: ['shop.example'], challenge: 'tls-alpn-01' }
    const gateway = await run(cwd, configOf(cwd, elsewhere, pebble, acme))
    await gateway.print(
      /no certificate for shop\.example: the authorization of shop\.example is invalid[^]*stands in for it, and the next try is at 20/,
    )
    assert.match((await served(elsewhere.https, 'shop.example')).issuer, /^Headgate development/)
    const { stdout } = await headgate(['certs'], { cwd })
    assert.match(stdout, /next try 20.*, after 1 failure: the authorization of shop\.example is invalid/)
    await stop(gateway)
  })
})

it('an account is bound to one that the authority knows otherwise, and valid authorizations are used again', async () => {
  const place = await ports()
  const key = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
  await using pebble = await Pebble.start({
    httpPort: place.http,
    tlsPort: place.https,
    reuse: 100,
    externalAccounts: { 'kid-1': key },
  })
  const cwd = folder()
  const acme = { names: ['shop.example'], externalAccount: { keyId: 'kid-1', hmacKey: '${HMAC_KEY}' } }
  process.env['HMAC_KEY'] = key
  const gateway = await run(cwd, configOf(cwd, place, pebble, acme))
  delete process.env['HMAC_KEY']
  await eventually(
    async () => isOfPebble(await served(place.https, 'shop.example')),
    'the certificate is here',
  )
  const { stdout } = await headgate(['certs'], { cwd, env: { HMAC_KEY: key } })
  assert.match(stdout, /CN=Pebble/)
  assert.doesNotMatch(gateway.stderr, new RegExp(key))
  await stop(gateway)
})
