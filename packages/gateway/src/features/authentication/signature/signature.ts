import type { Exchange, RateLimitStore } from '@headgate/core'
import { collectBody } from '../../collect-body.ts'
import type { Identity } from '../../identity.ts'
import { ABSENT, type Authenticator, type IsRefused, type Rejected, type Verdict } from '../authenticator.ts'
import { type ContentDigest, DigestComparison, DigestedBody, readContentDigest } from './content-digest.ts'
import type { SignatureConfig } from './setting.ts'
import { signatureBase } from './signature-base.ts'
import { integerIn, type MessageSignature, readSignatures, textIn } from './signature-input.ts'
import { type SignatureKey, signatureKey } from './signature-key.ts'

/** Signatures of one request that are verified, at most: several come where proxies on the way sign, too. */
const MOST_VERIFIED = 3

/** As good as these. */
const TOGETHER: Readonly<Record<string, readonly string[]>> = {
  '@target-uri': ['@authority', '@path', '@query'],
}

/** Remembers a nonce. @returns whether it was not known before */
export type RememberNonce = (nonce: string, exchange: Exchange) => boolean

/**
 * HTTP Message Signatures (RFC 9421): whoever has the key has signed what the configuration asks for, and not long ago. The
 * algorithm is that of the key; content counts by its digest (RFC 9530), which is compared before the upstream sees its end.
 */
export class SignatureAuthenticator implements Authenticator {
  readonly name: string
  readonly challenge = 'Signature realm="headgate"'
  private readonly config: SignatureConfig
  private readonly keys: ReadonlyMap<string, SignatureKey>
  private readonly remember: RememberNonce | undefined

  /** @param nonces where they are remembered; undefined where they are not */
  constructor(name: string, config: SignatureConfig, nonces: Pick<RateLimitStore, 'take'> | undefined) {
    this.name = name
    this.config = config
    this.keys = new Map(config.keys.map((key) => [key.id, signatureKey(name, key)]))
    this.remember = nonces && rememberIn(nonces)
  }

  verify(exchange: Exchange, isRefused: IsRefused): Verdict | Promise<Verdict> {
    const { headers } = exchange.request
    const input = headers.get('signature-input')
    const signature = headers.get('signature')
    if (input === undefined && signature === undefined) return ABSENT
    const signatures = readSignatures(input ?? '', signature ?? '')
    if (signatures === undefined || signatures.length === 0) return rejected('the signature is malformed')
    const meant = signatures.filter((each) => this.isMeant(each)).slice(0, MOST_VERIFIED)
    let worst: Rejected = rejected(
      'the signature is made with a key that is not known, or for something else',
    )
    for (const each of meant) {
      const verdict = this.judge(each, exchange, isRefused)
      if (verdict instanceof Promise || verdict.kind !== 'rejected') return verdict
      worst = verdict
    }
    return worst
  }

  /** Of whoever has a key of that name: for explanations. */
  identity(subject: string): Identity | undefined {
    for (const { identity } of this.keys.values()) if (identity.subject === subject) return identity
    return undefined
  }

  private isMeant(signature: MessageSignature): boolean {
    const { tag } = this.config
    return (
      this.keys.has(textIn(signature, 'keyid') ?? '') &&
      (tag === undefined || textIn(signature, 'tag') === tag)
    )
  }

  private judge(
    signature: MessageSignature,
    exchange: Exchange,
    isRefused: IsRefused,
  ): Verdict | Promise<Verdict> {
    const key = this.keys.get(textIn(signature, 'keyid') ?? '')
    if (key === undefined) return rejected('the signature is made with a key that is not known')
    const problem =
      this.timeProblem(signature, exchange.clock.wallTime()) ?? this.formProblem(signature, key, exchange)
    if (problem !== undefined) return rejected(problem)
    const base = signatureBase(exchange, signature)
    if ('lacking' in base)
      return rejected('the signature covers what the request does not have, or has twice')
    // Not by key, which is no secret by its name and cannot be guessed: whoever knows the name would lock its owner out.
    if (isRefused() || !key.verifies(base, signature.signature)) return rejected('the signature is wrong')
    return this.withContent(signature, key, exchange)
  }

  /** RFC 9421 3.2, and 7.2.2. */
  private timeProblem(signature: MessageSignature, now: number): string | undefined {
    const { maxAge, clockSkew } = this.config
    const created = integerIn(signature, 'created')
    if (created === undefined) return 'the signature does not say when it was made'
    if (created * 1_000 > now + clockSkew) return 'the signature is of a time to come'
    if (created * 1_000 + maxAge + clockSkew < now) return 'the signature is too old'
    if (!signature.parameters.has('expires')) return undefined
    const expires = integerIn(signature, 'expires')
    return expires === undefined || expires * 1_000 + clockSkew < now
      ? 'the signature has expired'
      : undefined
  }

  private formProblem(
    signature: MessageSignature,
    key: SignatureKey,
    { request }: Exchange,
  ): string | undefined {
    const { parameters, components } = signature
    if (parameters.has('alg') && textIn(signature, 'alg') !== key.algorithm)
      return 'the signature is made in a way that is not allowed here'
    if (this.remember !== undefined && !textIn(signature, 'nonce')) return 'the signature has no nonce'
    // With parameters, a component is a part of what its name stands for.
    const covered = new Set(
      components.flatMap((each) => (each.parameters.size === 0 ? [each.bare.value] : [])),
    )
    const needed =
      request.body.length === 0 ? this.config.components : [...this.config.components, 'content-digest']
    const lacking = needed.find(
      (each) => !covered.has(each) && TOGETHER[each]?.every((part) => covered.has(part)) !== true,
    )
    return lacking === undefined ? undefined : `the signature does not cover ${lacking}`
  }

  private withContent(
    signature: MessageSignature,
    key: SignatureKey,
    exchange: Exchange,
  ): Verdict | Promise<Verdict> {
    const { request } = exchange
    const known = (): Verdict => this.once(signature, key, exchange)
    if (!signature.components.some(({ bare }) => bare.value === 'content-digest')) return known()
    const digests = readContentDigest(request.headers.get('content-digest') ?? '')
    if (digests === undefined) return rejected('the Content-Digest is none of sha-256 and sha-512')
    const { body } = request
    const limit = this.config.wholeBody
    if (body.whole === undefined && !(body.length !== undefined && body.length <= limit)) {
      request.body = new DigestedBody(body, digests)
      return known()
    }
    const judged = ({ bytes }: { readonly bytes: Uint8Array }): Verdict =>
      isEqual(digests, bytes) ? known() : rejected('the content is not what its Content-Digest says')
    const content = body.whole ?? collectBody(request, limit, () => new TypeError('its length was known'))
    return content instanceof Promise ? content.then(judged) : judged(content)
  }

  private once(signature: MessageSignature, { identity }: SignatureKey, exchange: Exchange): Verdict {
    const nonce = `${textIn(signature, 'keyid')}\n${textIn(signature, 'nonce')}`
    if (this.remember?.(nonce, exchange) === false)
      return rejected('the nonce of the signature was used before')
    return { kind: 'known', identity }
  }
}

/** A limit of one in the time for which a nonce is to be remembered: in the memory that all workers share. */
function rememberIn(store: Pick<RateLimitStore, 'take'>): RememberNonce {
  return (nonce, { clock }) => {
    const decision = store.take(nonce, 1, clock.now(), 0)
    if (decision instanceof Promise) throw new TypeError('the store of nonces is not in this process')
    return decision.allowed
  }
}

function isEqual(digests: readonly ContentDigest[], content: Uint8Array): boolean {
  const comparison = new DigestComparison(digests)
  comparison.update(content)
  return comparison.isEqual()
}

function rejected(reason: string): Rejected {
  return { kind: 'rejected', reason }
}
