import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Certificate, makeCertificate } from '../certificate.ts'

/** Milliseconds between two swaps: longer than a gateway waits for a file to be settled. */
const PERIOD = 700

/** Puts one certificate and another in the files of one, in turn, until it is stopped: then the first is back. */
export class Swap {
  readonly #files: Pick<Certificate, 'certFile' | 'keyFile'>
  readonly #folder: string
  readonly #pairs: readonly { cert: string; key: string }[]
  readonly #timer: NodeJS.Timeout
  #turn = 0

  constructor(files: Pick<Certificate, 'certFile' | 'keyFile'>) {
    this.#files = files
    this.#folder = mkdtempSync(join(dirname(files.certFile), 'swap-'))
    const other = join(this.#folder, 'other')
    mkdirSync(other)
    const made = makeCertificate(other)
    if (made === undefined) throw new Error('no `openssl` on the path')
    this.#pairs = [files, made].map(({ certFile, keyFile }) => ({
      cert: readFileSync(certFile, 'utf8'),
      key: readFileSync(keyFile, 'utf8'),
    }))
    this.#timer = setInterval(() => this.#put(++this.#turn), PERIOD)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#put(0)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #put(turn: number): void {
    const pair = this.#pairs[turn % 2]
    if (pair === undefined) return
    for (const [file, text] of [
      [this.#files.keyFile, pair.key],
      [this.#files.certFile, pair.cert],
    ] as const) {
      const next = join(this.#folder, 'next')
      writeFileSync(next, text, { mode: 0o600 })
      renameSync(next, file)
    }
  }
}
