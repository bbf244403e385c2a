import { createPrivateKey } from 'node:crypto'
import type { LoadedCertificate } from '../features/tls/certificate.ts'
import { certificateBlocks } from '../features/tls/pem.ts'
import { acceptedCertificate } from './accepted.ts'
import { isFields } from './acme-error.ts'
import type { CertificateStore } from './store.ts'

/** What became of the last tries: kept, so that a gateway that is started again and again does not ask more often. */
export interface Tries {
  /** In a row. */
  readonly failures: number
  /** Before which there is no other. Milliseconds since 1970-01-01 UTC. */
  readonly next: number
  readonly reason: string | undefined
}

export const NO_TRIES: Tries = { failures: 0, next: 0, reason: undefined }

/** A certificate and its key in one file, so that neither is ever without the other; and what became of tries in another. */
export class KeptCertificate {
  private readonly store: CertificateStore
  private readonly name: string
  private readonly names: readonly string[]
  private readonly directory: string

  /** @param name of its files */
  constructor(store: CertificateStore, name: string, names: readonly string[], directory: string) {
    this.store = store
    this.name = name
    this.names = names
    this.directory = directory
  }

  /** Undefined where there is none that can be served. One that has expired can: it is better than none. */
  async read(): Promise<LoadedCertificate | undefined> {
    const kept = (await this.store.read(`${this.name}.pem`))?.toString()
    if (kept === undefined) return undefined
    try {
      const key = createPrivateKey(kept).export({ type: 'pkcs8', format: 'pem' }).toString()
      const chain = certificateBlocks(kept).join('\n')
      // Of any day.
      return acceptedCertificate({ chain, key }, this.names, this.directory, Number.NaN)
    } catch {
      return undefined
    }
  }

  write(certificate: LoadedCertificate): Promise<void> {
    const [key, chain] = [certificate.privateKey, certificate.chain].map((each) =>
      Buffer.from(each).toString(),
    )
    return this.store.write(`${this.name}.pem`, `${key}${chain}`)
  }

  async readTries(): Promise<Tries> {
    try {
      const read: unknown = JSON.parse((await this.store.read(`${this.name}.json`))?.toString() ?? '')
      const { failures, next, reason } = isFields(read) ? read : {}
      if (typeof failures !== 'number' || typeof next !== 'number') return NO_TRIES
      return { failures, next, reason: typeof reason === 'string' ? reason : undefined }
    } catch {
      return NO_TRIES
    }
  }

  writeTries(tries: Tries): Promise<void> {
    return this.store.write(`${this.name}.json`, `${JSON.stringify(tries)}\n`)
  }
}
