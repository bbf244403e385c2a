import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { begin, end, type Lane, pick, type WeightedAct } from './lane.ts'
import { head, RawClient } from './raw-client.ts'
import { storedContent } from './stored-origin.ts'

/** What is asked for of a route with a cache, with its weight. */
export const STORED_ACTS: readonly WeightedAct[] = [
  [12, (lane) => several(lane, () => keyOf(lane, pick(lane, ['hot', 'hot', 'hot', 'large', 'vary']), 12))],
  // A key that nobody has asked for before, as large as what gives way to it.
  [8, (lane) => several(lane, (number) => `cold-${number}`)],
  [5, (lane) => several(lane, () => keyOf(lane, pick(lane, ['own', 'slow', 'flaky']), 4))],
  [2, (lane) => several(lane, () => keyOf(lane, 'cut', 3))],
  [3, leave],
  [3, write],
  [2, purge],
]

const LANGUAGES = ['en', 'de', 'fr'] as const

function keyOf(lane: Lane, kind: string, count: number): string {
  return `${kind}-${Math.floor(lane.random() * count)}`
}

/** One after the other on one connection: hits come between others. */
async function several(lane: Lane, key: (number: number) => string): Promise<void> {
  let client: RawClient | undefined
  for (let count = 0; count < 4; count++) {
    client = client?.usable === true ? client : new RawClient(lane.port)
    const wanted = key(lane.ledger.totals.sent)
    const { number, path } = begin(lane, `stored/${wanted}`)
    const language = pick(lane, LANGUAGES)
    const chunks: Buffer[] = []
    client.onContent = (bytes) => chunks.push(bytes)
    client.send(head('GET', path, `accept-language: ${language}\r\n`))
    const reply = await client.reply()
    end(lane, number, client, reply)
    const isOthers = reply.whole && reply.status === 200 && !isOf(wanted, language, Buffer.concat(chunks))
    if (isOthers)
      lane.ledger.mistake(`exchange ${number}: content that is not that of ${wanted} in ${language}`)
    if (reply.close) client.socket.destroy()
  }
  client?.socket.destroy()
}

/** Only what varies by the language is of one: any client's may have been stored of the others. */
function isOf(key: string, language: string, content: Buffer): boolean {
  const languages = key.startsWith('vary-') ? [language] : LANGUAGES
  return languages.some((each) => storedContent(key, each).equals(content))
}

/** Who waits for another's response, or has others wait for theirs, leaves. */
async function leave(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, `stored/${keyOf(lane, pick(lane, ['slow', 'large', 'cut']), 4)}`)
  client.send(head('GET', path, 'accept-language: en\r\n'))
  await sleep(lane.random() * 50)
  client.socket.resetAndDestroy()
  lane.ledger.end(number, { kind: 'cancelled', seen: false })
}

/** What a change makes invalid is fetched anew. */
async function write(lane: Lane): Promise<void> {
  const client = new RawClient(lane.port)
  const { number, path } = begin(lane, `stored/${keyOf(lane, 'hot', 12)}`)
  client.send(head('POST', path, 'content-length: 0\r\n'))
  end(lane, number, client, await client.reply())
  client.socket.destroy()
}

/** By each of the ways, hard and soft. */
async function purge(lane: Lane): Promise<void> {
  const key = keyOf(lane, pick(lane, ['hot', 'large', 'vary']), 12)
  const [by, value] = pick(lane, [
    ['tag', key],
    ['url', `http://soak.test/stored/${key}`],
    ['prefix', `http://soak.test/stored/${key}`],
    ['route', 'stored'],
    ['all', true],
  ] as const)
  const body = JSON.stringify({ [by]: value, soft: lane.random() < 0.5 })
  const status = await post(`${lane.admin}/cache/purge`, body)
  if (status !== 200) lane.ledger.mistake(`a purge by ${by} was answered with ${status}`)
}

function post(url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const asked = request(url, { method: 'POST', agent: false, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    asked.on('error', reject).end(body)
  })
}
