import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import type { Clock } from '@headgate/core'
import type { AcmeConfig } from '../features/tls/acme-setting.ts'
import type { ChallengeAnswers } from '../features/tls/challenges.ts'
import { AcmeError } from './acme-error.ts'
import { challengeCertificate } from './challenge-certificate.ts'
import type { Proof } from './proof.ts'
import { sleep } from './sleep.ts'

/** Puts answers to challenges where all workers find them, and resolves when these have them. */
export type Publish = (answers: ChallengeAnswers) => Promise<void>

/** The answers of all orders that are under way. */
export class Prover {
  private readonly publish: Publish
  private readonly clock: Clock
  private readonly http = new Map<string, string>()
  private readonly tls = new Map<string, ReturnType<typeof challengeCertificate>>()

  constructor(publish: Publish, clock: Clock) {
    this.publish = publish
    this.clock = clock
  }

  /** Resolves, when the authority may look, with what takes the answers away. */
  async prove(proofs: readonly Proof[], acme: AcmeConfig, signal: AbortSignal): Promise<() => Promise<void>> {
    const records = proofs.filter(({ type }) => type === 'dns-01')
    const takeAway = async (): Promise<void> => {
      for (const { type, token, name } of proofs) {
        if (type === 'http-01') this.http.delete(token)
        if (type === 'tls-alpn-01') this.tls.delete(name)
      }
      await this.spread()
      // What is left of them does no harm, and the certificate is worth more.
      for (const each of records) await runHook(acme.dns, 'cleanup', each).catch(() => {})
    }
    try {
      for (const proof of proofs) {
        if (proof.type === 'http-01') this.http.set(proof.token, proof.keyAuthorization)
        if (proof.type === 'tls-alpn-01')
          this.tls.set(proof.name, challengeCertificate(proof, this.clock.wallTime()))
      }
      await this.spread()
      for (const each of records) await runHook(acme.dns, 'present', each)
      if (records.length > 0) await sleep(this.clock, acme.dns?.wait ?? 0, signal)
      return takeAway
    } catch (error) {
      await takeAway()
      throw error
    }
  }

  private spread(): Promise<void> {
    return this.publish({ http: new Map(this.http), tls: new Map(this.tls) })
  }
}

/** How long a hook may take. Milliseconds. */
const LONGEST_HOOK = 5 * 60_000

async function runHook(
  dns: AcmeConfig['dns'],
  action: 'present' | 'cleanup',
  { name, digest }: Proof,
): Promise<void> {
  const record = `_acme-challenge.${name}`
  const value = digest.toString('base64url')
  if (dns?.command !== undefined) return runCommand(dns.command, [action, record, value])
  if (dns?.module === undefined) throw new AcmeError('dns-01 needs acme.dns, which says how records are set')
  const hook = (await import(pathToFileURL(dns.module).href)) as Readonly<Record<string, unknown>>
  const run = hook[action]
  if (typeof run !== 'function') throw new AcmeError(`${dns.module} exports no function ${action}`)
  await (run as (name: string, value: string) => unknown)(record, value)
}

function runCommand([program = '', ...own]: readonly string[], further: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { timeout: LONGEST_HOOK, maxBuffer: 1024 * 1024 }
    execFile(program, [...own, ...further], options, (error, _out, err) => {
      if (error === null) return resolve()
      const reason = err.trim().split('\n').at(-1)?.slice(0, 200) || error.message.split('\n')[0]
      return reject(new AcmeError(`the command of acme.dns fails to ${further[0]} ${further[1]}: ${reason}`))
    })
  })
}
