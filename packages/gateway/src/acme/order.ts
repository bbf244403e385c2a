import { createHash } from 'node:crypto'
import type { Clock } from '@headgate/core'
import type { AcmeAccount } from './account.ts'
import { AcmeError, isFields, problemOf } from './acme-error.ts'
import { type ChallengeType, type Proof, proofOf } from './proof.ts'
import type { AcmeAnswer, AcmeSession } from './session.ts'
import { sleep } from './sleep.ts'

export interface OrderOptions {
  readonly session: AcmeSession
  readonly account: AcmeAccount
  readonly clock: Clock
  readonly names: readonly string[]
  /** In DER. */
  readonly request: Buffer
  /** The certificate that this one is to replace, as RFC 9773 5 calls it. */
  readonly replaces: string | undefined
  /** In the order in which they are taken. */
  readonly types: readonly ChallengeType[]
  /** Puts proofs where the authority looks, and resolves when they are there with what takes them away. */
  readonly prove: (proofs: readonly Proof[]) => Promise<() => Promise<void>>
  /** Gives it up. */
  readonly signal: AbortSignal
}

/** How long each of the steps of an order may take. Milliseconds. */
const LONGEST_STEP = 10 * 60_000
/** Between two looks, as long as the authority does not say. Milliseconds. */
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 15_000

/** Orders a certificate (RFC 8555 7.4), proves control of its names, and resolves with its chain in PEM. */
export async function orderCertificate(options: OrderOptions): Promise<string> {
  const { session, account, request } = options
  const { answer: made, url } = await newOrder(options)
  const order = fieldsOf(made)
  await authorise(options, order)
  const ready =
    order['status'] === 'ready' ? order : await settled(options, url, 'the order', ['ready', 'valid'])
  if (ready['status'] !== 'valid') {
    const finalize = session.placeOf(ready['finalize'], 'finalize')
    await account.post(finalize, { csr: request.toString('base64url') })
  }
  const done = await settled(options, url, 'the order', ['valid'])
  const { body } = await account.post(session.placeOf(done['certificate'], 'certificate'))
  if (typeof body !== 'string')
    throw new AcmeError('the authority hands out something else than a certificate')
  return body
}

async function newOrder(options: OrderOptions): Promise<{ answer: AcmeAnswer; url: string }> {
  const { session, account, names, replaces } = options
  const { newOrder: place } = await session.directory()
  const wanted = { identifiers: names.map((value) => ({ type: 'dns', value })) }
  const answer = await account
    .post(place, { ...wanted, ...(replaces !== undefined && { replaces }) })
    .catch((error: unknown) => {
      // Which one it replaces is a hint: where the authority does not take it, it is as good without.
      if (replaces === undefined || !(error instanceof AcmeError) || !UNREPLACED.has(error.type ?? ''))
        throw error
      return account.post(place, wanted)
    })
  return { answer, url: session.placeOf(answer.location, 'the order') }
}

const UNREPLACED = new Set(['alreadyReplaced', 'malformed', 'conflict'])

/** Proves control of all names for which that is not done already. */
async function authorise(options: OrderOptions, order: Fields): Promise<void> {
  const { session, account, types, prove } = options
  const urls = Array.isArray(order['authorizations']) ? order['authorizations'] : []
  if (urls.length > options.names.length)
    throw new AcmeError('the authority asks for more than the names of the order')
  const pending: { readonly url: string; readonly proof: Proof; readonly challenge: string }[] = []
  for (const each of urls) {
    const url = session.placeOf(each, 'an authorization')
    // oxlint-disable-next-line no-await-in-loop -- an authority counts what is asked at a time
    const authorization = fieldsOf(await account.post(url))
    if (authorization['status'] === 'valid') continue
    const proof = proofOf(authorization, account.key, types)
    pending.push({ url, proof, challenge: session.placeOf(proof.url, 'a challenge') })
  }
  if (pending.length === 0) return
  const takeAway = await prove(pending.map(({ proof }) => proof))
  try {
    for (const { challenge } of pending) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      await account.post(challenge, {})
    }
    for (const { url, proof } of pending) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      await settled(options, url, `the authorization of ${proof.name}`, ['valid'])
    }
  } finally {
    await takeAway()
  }
}

/** Looks until it has one of these statuses; rejects where it will have none of them. */
async function settled(
  options: OrderOptions,
  url: string,
  what: string,
  wanted: readonly string[],
): Promise<Fields> {
  const { account, clock, signal } = options
  const end = clock.now() + LONGEST_STEP
  for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 2)) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const answer = await account.post(url)
    const found = fieldsOf(answer)
    const { status } = found
    if (typeof status === 'string' && wanted.includes(status)) return found
    if (status !== 'pending' && status !== 'processing' && status !== 'ready') throw failureOf(what, found)
    const wait = Math.max(pause, answer.retryAfter ?? 0)
    if (clock.now() + wait > end)
      throw new AcmeError(`${what} is still ${status} after ${LONGEST_STEP / 60_000} minutes`)
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    await sleep(clock, wait, signal)
  }
}

/** What the authority says of it: of an authorization, that is with the challenge. */
function failureOf(what: string, found: Fields): AcmeError {
  const { status, error, challenges } = found
  const inner = Array.isArray(challenges)
    ? challenges.filter(isFields).find((each) => isFields(each['error']))
    : undefined
  const problem = isFields(error) ? error : inner?.['error']
  const name = typeof status === 'string' ? status.slice(0, 20) : 'without a status'
  if (!isFields(problem)) return new AcmeError(`${what} is ${name}`)
  const { message, type } = problemOf(0, problem, undefined)
  return new AcmeError(`${what} is ${name}: ${message}`, { type })
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf({ body }: AcmeAnswer): Fields {
  if (!isFields(body)) throw new AcmeError('the authority answers with something else than a JSON object')
  return body
}

/** By which one knows which names a certificate is for, and of whom. */
export function nameOfFile(directory: string, names: readonly string[], key: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([directory, [...names].sort(), key]))
    .digest('hex')
  return `${(names[0] ?? '').replace('*', '_').slice(0, 100)}-${digest.slice(0, 16)}`
}
