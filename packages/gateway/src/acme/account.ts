import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { AcmeConfig } from '../features/tls/acme-setting.ts'
import { AcmeError, isFields } from './acme-error.ts'
import { externalBinding } from './jws.ts'
import type { AcmeAnswer, AcmeSession } from './session.ts'
import type { CertificateStore } from './store.ts'

/** Who one is towards an authority: a key, and the URL by which it knows it. */
export class AcmeAccount {
  readonly key: KeyObject
  private readonly session: AcmeSession
  private readonly url: string

  private constructor(session: AcmeSession, key: KeyObject, url: string) {
    this.session = session
    this.key = key
    this.url = url
  }

  /**
   * The account of the key that is stored; there is a new one for a new key, which is stored before the authority hears of it.
   * @param name of the file
   */
  static async open(
    session: AcmeSession,
    store: CertificateStore,
    name: string,
    acme: Pick<AcmeConfig, 'email' | 'externalAccount'>,
  ): Promise<AcmeAccount> {
    const { newAccount } = await session.directory()
    const kept = await store.read(name)
    const key = kept === undefined ? newKey() : createPrivateKey(kept)
    if (kept === undefined) await store.write(name, key.export({ type: 'pkcs8', format: 'pem' }).toString())
    const { email, externalAccount } = acme
    // For a key that the authority knows, this is a question, and the account that there is the answer (RFC 8555 7.3).
    const answer = await session.post(key, undefined, newAccount, {
      termsOfServiceAgreed: true,
      ...(email !== undefined && { contact: [`mailto:${email}`] }),
      ...(externalAccount && { externalAccountBinding: externalBinding(key, newAccount, externalAccount) }),
    })
    const { status } = isFields(answer.body) ? answer.body : {}
    if (status !== 'valid' && status !== undefined)
      throw new AcmeError(
        `the account at the authority is ${typeof status === 'string' ? status.slice(0, 20) : 'in no state that is known'}`,
      )
    return new AcmeAccount(session, key, session.placeOf(answer.location, 'the account'))
  }

  /** @param payload undefined: asks for what is there */
  post(url: string, payload?: object): Promise<AcmeAnswer> {
    return this.session.post(this.key, this.url, url, payload)
  }
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}
