import type { Script } from './case.ts'
import type { Comparison, Difference } from './outcome.ts'

/** A difference between the platform's fetch and the client's that is meant to be. */
export interface Intended {
  readonly name: string
  /** Why the client is right, or may be so. */
  readonly reason: string
  readonly explains: (difference: Difference, comparison: Comparison) => boolean
}

const FORGIVING = ['gzip', 'x-gzip', 'deflate', 'br', 'zstd']

/** All of them: what is not here is a fault. */
export const INTENDED: readonly Intended[] = [
  {
    name: 'reason phrases beyond ASCII',
    reason:
      'Fetch 5.5: `statusText` is the isomorphic decoding of the bytes; Node’s own decodes them as UTF-8, and loses them.',
    explains: (difference) =>
      /^got\.(?:statusText|content)$/.test(difference.place) && isLostAs(difference, 'Caf\xe9'),
  },
  {
    name: 'a field called __proto__',
    reason:
      'RFC 9110 5.1: every token is a name. Node’s own loses this one, since it keeps fields in an object, and does not look at its value.',
    explains: (difference, { given, client }) =>
      sameBut(difference, '__proto__') ||
      (client.got.threw === 'TypeError' &&
        given.request.fields.some(([name, value]) => name === '__proto__' && value === '\x7f')),
  },
  {
    name: 'the referrer of a Request',
    reason: 'Fetch 5.4, step 12: it counts where init is empty. Node’s own forgets it.',
    explains: (difference, { given: { request } }) =>
      request.as === 'Request' && request.more['referrer'] !== undefined && sameBut(difference, 'referer'),
  },
  {
    name: 'a referrer beside a Referer',
    reason:
      'RFC 9110 10.1.3: the field is one URI, and the caller has written it. Node’s own makes a list of both.',
    explains: (difference, { given: { request } }) =>
      request.fields.some(([name]) => name === 'referer') &&
      request.more['referrer'] !== undefined &&
      sameBut(difference, 'referer'),
  },
  {
    name: 'Idempotency-Key stays with its origin',
    reason:
      'RFC 9110 15.4: fields that were meant for one origin are not sent to another. The standard’s list has the fields of browsers only.',
    explains: (difference) => difference.place !== 'seen.0.fields' && sameBut(difference, 'idempotency-key'),
  },
  {
    name: 'a connection that was closed before the request came',
    reason:
      'RFC 9112 9.3.1: an idempotent request on a connection that was used before is sent again on a new one, as browsers do.',
    explains: ({ place, platform, client }, { given }) =>
      place === 'seen.length' &&
      client === (platform as number) + 1 &&
      given.scripts.some(({ cut }) => cut === 'before'),
  },
  {
    name: 'a form after a redirect',
    reason:
      'Fetch 4.4: the body is sent again. Node’s own encodes it afresh, with another boundary than its Content-Type says.',
    explains: ({ place }, { given }) =>
      /^seen\.[1-9]\d*\.fields$/.test(place) && given.request.body?.kind === 'form',
  },
  {
    name: 'a request with a body that is sent again after 421',
    reason:
      'Fetch 4.5, step 16: it is sent once more on a new connection. Node’s own fails, since it adds a second Content-Length.',
    explains: (_difference, { given, platform, client }) =>
      given.scripts.some(({ status }) => status === 421) &&
      platform.got.threw === 'TypeError: fetch failed' &&
      client.seen.length === platform.seen.length + 1,
  },
  {
    name: 'fields of a request that is sent again after 421',
    reason:
      'They are the same again. Node’s own takes those that it has added itself for the caller’s, and adds Pragma.',
    explains: ({ place }, { given }) =>
      /^seen\.[1-9]\d*\.fields$/.test(place) && given.scripts.some(({ status }) => status === 421),
  },
  {
    name: 'a reason phrase that comes in pieces',
    reason: 'RFC 9112 4: it is the whole of it. Node’s own keeps what came with the last piece.',
    explains: ({ place, platform, client }, { given }) =>
      place === 'got.statusText' &&
      given.scripts.some(({ pieces }) => pieces) &&
      // And may have lost what is beyond ASCII in it, as above.
      String(client).endsWith(String(platform).replaceAll('\ufffd', '\xe9')),
  },
  {
    name: '421 whose content never ends',
    reason: 'Fetch 4.5, step 16: nobody reads it. Node’s own waits for its end.',
    explains: (_difference, { given, platform }) =>
      platform.got.threw === 'it hung' && given.scripts.some(({ status }) => status === 421),
  },
  {
    name: 'a value of Sec-Fetch-Mode that is none',
    reason:
      'Fetch 2.2.2: it is not the caller’s to say. Node’s own puts another in its place; the client checks it as any other.',
    explains: (_difference, { given }) =>
      given.request.fields.some(([name, value]) => name === 'sec-fetch-mode' && value === '\x7f'),
  },
  {
    name: 'mode: same-origin',
    reason:
      'Fetch 4.1: it is about the origin of a page, which a server does not have. Node’s own takes that of the URL for it.',
    explains: (_difference, { given }) => given.request.more['mode'] === 'same-origin',
  },
  {
    name: '100 without Expect',
    reason:
      'RFC 9110 15.2: a client takes any interim response, also one it did not ask for. Node’s own fails.',
    explains: (_difference, { given, client, platform }) =>
      given.scripts.some(({ interim }) => interim.includes(100)) &&
      platform.got.threw === 'TypeError: fetch failed' &&
      client.got.threw !== 'it hung',
  },
  {
    name: 'encoded content that breaks off, or goes on behind its end',
    reason:
      'Fetch 4.5, “handle content codings”: what cannot be decoded is a network error. Node’s own passes what it could decode for whole.',
    explains: ({ place, client }, { given }) =>
      place === 'got.content' && isBroken(client) && given.scripts.some(isEncoded),
  },
  {
    name: 'several frames of zstd',
    reason: 'RFC 8878 3.1: content may be several frames. Node’s own stops behind the first.',
    explains: ({ place }, { given }) =>
      place === 'got.content' && given.scripts.some((script) => codings(script).includes('zstd')),
  },
  {
    name: 'a connection that is reset while content flows that ends with it',
    reason: 'RFC 9112 8: a message whose connection fails is incomplete. Node’s own passes it for whole.',
    explains: ({ place, client }, { given }) =>
      place === 'got.content' &&
      isBroken(client) &&
      given.scripts.some(({ cut, framing }) => cut === 'reset' && framing === 'close'),
  },
  {
    name: 'parts of encoded content',
    reason:
      'RFC 9110 14.2: a range counts encoded bytes, so that 206 brings what cannot be decoded by itself: it is delivered as it came.',
    explains: ({ place }, { given, platform }) =>
      place.startsWith('got.content') && platform.got.status === 206 && given.scripts.some(isEncoded),
  },
  {
    name: 'a stream within a Request that is complete at once',
    reason:
      'The platform’s Request does not tell a stream from bytes: what is complete at once is sent with its length, and again on a redirect.',
    explains: (_difference, { given: { request } }) =>
      (request.body?.kind === 'stream' || request.body?.kind === 'iterable') &&
      request.as.startsWith('Request'),
  },
  {
    name: 'what is no valid field or body fails before anything is sent, and says so',
    reason:
      'Fetch rejects with a TypeError either way; Node’s own notices late, and says “fetch failed” of all of them.',
    explains: ({ place, platform, client }) =>
      place === 'got.threw' && platform === 'TypeError: fetch failed' && client === 'TypeError',
  },
  {
    name: 'raw bytes in Location that are no UTF-8',
    reason:
      'Fetch 2.2.6: a location is the isomorphic decoding of its bytes. Node’s own reads them as UTF-8, and loses them.',
    explains: (difference) => isLostAs(difference, '%C3%A9'),
  },
]

/** Whether fields differ by this name, and by none that is not told of here. */
function sameBut({ place, platform, client }: Difference, name: string): boolean {
  if (!/^seen\.\d+\.fields$/.test(place)) return false
  const rest = (fields: unknown, names: readonly string[]): string =>
    JSON.stringify((fields as [string, string][]).filter(([each]) => !names.includes(each)))
  const told = ['__proto__', 'idempotency-key', 'referer']
  const others = told.filter((each) => each !== name)
  return rest(platform, told) === rest(client, told) && rest(platform, others) !== rest(client, others)
}

/** Whether it is Node's own way of losing bytes that are no UTF-8, this text among them: some content shows several of these. */
function isLostAs({ platform, client }: Difference, text: string): boolean {
  const ours = JSON.stringify(client) ?? ''
  const lost = ours.replaceAll('Caf\xe9', 'Caf\ufffd').replaceAll('%C3%A9', '%EF%BF%BD')
  return ours.includes(text) && lost === JSON.stringify(platform)
}

function isBroken(content: unknown): boolean {
  return (content as { threw?: string } | undefined)?.threw !== undefined
}

function codings({ fields }: Script): string[] {
  const encoding = fields.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1] ?? ''
  return encoding.toLowerCase().split(/, */)
}

function isEncoded(script: Script): boolean {
  return codings(script).some((coding) => FORGIVING.includes(coding))
}
