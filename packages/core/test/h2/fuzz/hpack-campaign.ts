import { HpackDecoder } from '../../../src/h2/hpack-decoder.ts'
import { decodeAll, type Pair } from '../hpack-blocks.ts'
import { BlockGenerator, type Sequence } from './block-generator.ts'
import { type Disagreement, meantDifference } from './hpack-differences.ts'
import { answerOf, Nghttp2Reader, type TheirReading } from './nghttp2-reader.ts'
import { type OurReading, readOurs } from './our-reading.ts'

/** Connections that are open at a time. */
const AT_ONCE = 24

/** What was counted. A case is a block that both have read. */
export interface HpackTally {
  cases: number
  connections: number
  /** Blocks whose fields both took, and the same ones. */
  agreed: number
  /** Blocks that no message can be made of: nghttp2 resets the stream, and so do we. */
  refusedByBoth: number
  /** Blocks that nghttp2 passes on and we refuse. */
  stricter: number
  /** Blocks that end the connection, for both. */
  faults: number
  /** Blocks that nghttp2 has written and we have read. */
  answers: number
  readonly differences: Map<string, number>
}

export interface HpackFinding {
  readonly seed: number
  /** Which of that seed, from 0. */
  readonly connection: number
  readonly sequence: Sequence
  /** Which block, from 0. */
  readonly block: number
  readonly verdict: string
}

export interface HpackCampaign {
  readonly tally: HpackTally
  readonly finding: HpackFinding | undefined
  /** Milliseconds. */
  readonly took: number
}

/**
 * Shows the blocks of a seed to our decoder and to that of nghttp2, until there were `most` of them, the time is up (in milliseconds), or the
 * two do not agree.
 */
export async function hpackCampaign(
  seed: number,
  { most = Infinity, time = Infinity }: { readonly most?: number; readonly time?: number },
  report: (tally: HpackTally, took: number) => void = () => {},
): Promise<HpackCampaign> {
  const generator = new BlockGenerator(seed)
  const reader = await Nghttp2Reader.listen()
  const tally = emptyTally()
  const start = performance.now()
  let finding: HpackFinding | undefined
  const { stackTraceLimit } = Error
  // Each stream that ends early is an Error of node:http2, and nobody reads where it was made.
  Error.stackTraceLimit = 0
  let connections = 0
  const work = async (): Promise<void> => {
    while (finding === undefined && tally.cases < most && performance.now() - start < time) {
      const sequence = generator.next()
      const connection = connections++
      const found = await look(reader, sequence, tally)
      if (found !== undefined) finding = { seed, connection, sequence, ...found }
      report(tally, performance.now() - start)
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  } finally {
    reader.close()
    Error.stackTraceLimit = stackTraceLimit
  }
  return { tally, finding, took: performance.now() - start }
}

async function look(reader: Nghttp2Reader, sequence: Sequence, tally: HpackTally): Promise<Found> {
  const ours = readOurs(sequence.blocks, sequence.tableSize)
  const alone = new Set<number>()
  for (const [block, { fields, refused, informational }] of ours.blocks.entries()) {
    if (refused !== undefined || !informational || meantDifference({ fields })) alone.add(block)
  }
  const pauses = [ours.blocks.length]
  const theirs = await reader.read(sequence, { alone, pauses })
  const found = compare(sequence, ours, theirs, tally)
  if (found === undefined) return found
  // Block by block, each on a stream of its own, to see which it was.
  const all = [...sequence.blocks.keys()]
  const again = await reader.read(sequence, { alone: new Set(all), pauses: all })
  return compare(sequence, ours, again, emptyTally()) ?? found
}

function emptyTally(): HpackTally {
  const counts = { agreed: 0, refusedByBoth: 0, stricter: 0, faults: 0, answers: 0 }
  return { cases: 0, connections: 0, ...counts, differences: new Map() }
}

type Found = Pick<HpackFinding, 'block' | 'verdict'> | undefined

function compare(sequence: Sequence, ours: OurReading, theirs: TheirReading, tally: HpackTally): Found {
  tally.connections++
  for (let block = 0; block < sequence.blocks.length; block++) {
    tally.cases++
    if (block < ours.blocks.length) {
      const verdict = compareBlock(block, ours, theirs, tally)
      if (verdict !== undefined) return { block, verdict }
      continue
    }
    const verdict = compareFault(block, ours.fault ?? '', theirs, tally)
    return verdict === undefined ? compareAnswers(sequence, theirs, tally) : { block, verdict }
  }
  if (theirs.goaway !== undefined)
    return { block: sequence.blocks.length, verdict: `nghttp2 ends the connection with ${theirs.goaway}` }
  return compareAnswers(sequence, theirs, tally)
}

function compareBlock(
  block: number,
  ours: OurReading,
  theirs: TheirReading,
  tally: HpackTally,
): string | undefined {
  const our = ours.blocks[block]
  const their = theirs.blocks.get(block)
  if (our === undefined || their === undefined)
    return `we read it, nghttp2 does not (GOAWAY ${theirs.goaway})`
  if (typeof their === 'number') {
    if (our.refused !== undefined) tally.refusedByBoth++
    else if (!isMeant({ fields: our.fields }, tally))
      return `nghttp2 resets with ${their} what we pass on: ${show(our.fields)}`
    return undefined
  }
  const passed = our.refused === undefined ? our.fields : our.fields.slice(0, their.fields.length)
  // Fields that are malformed, nghttp2 leaves out; we refuse the whole, so what is left is no matter.
  if (our.refused === undefined || our.fields.length === their.fields.length) {
    if (!isSame(passed, their.fields)) return `we read ${show(our.fields)}, nghttp2 ${show(their.fields)}`
    if (
      our.sensitive.length + their.sensitive.length > 0 &&
      String(our.sensitive) !== String(their.sensitive)
    )
      return `never indexed are ${our.sensitive.join()}; for nghttp2 ${their.sensitive.join()}`
  }
  if (our.refused === undefined) tally.agreed++
  else tally.stricter++
  return undefined
}

function compareFault(
  block: number,
  fault: string,
  theirs: TheirReading,
  tally: HpackTally,
): string | undefined {
  if (theirs.goaway === 9 && !theirs.blocks.has(block)) {
    tally.faults++
    return undefined
  }
  if (isMeant({ fault }, tally)) return undefined
  return `we refuse it: ${fault}; nghttp2 does not (GOAWAY ${theirs.goaway})`
}

function isMeant(disagreement: Partial<Disagreement>, { differences }: HpackTally): boolean {
  const meant = meantDifference(disagreement)
  if (meant !== undefined) differences.set(meant.name, (differences.get(meant.name) ?? 0) + 1)
  return meant !== undefined
}

/** What nghttp2 was asked to send back, by its own encoder. */
function compareAnswers(
  { answerTableSize, blocks }: Sequence,
  { opened, asked, sent, limitedFrom }: TheirReading,
  tally: HpackTally,
): Found {
  const decoder = new HpackDecoder()
  const found = (verdict: string): Found => ({ block: blocks.length - 1, verdict })
  for (const [index, block] of sent.entries()) {
    if (index === limitedFrom) decoder.limitTable(answerTableSize)
    const given = JSON.stringify(sorted(asked[index - opened] ?? {}))
    try {
      const fields = decodeAll(decoder, block)
      if (index < opened) continue
      tally.answers++
      if (JSON.stringify(sorted(answerOf(fields))) === given) continue
      return found(`nghttp2 sends ${given}, and we read ${show(fields)}`)
    } catch (thrown) {
      return found(`we cannot read how nghttp2 sends ${given}: ${String(thrown)}`)
    }
  }
  return undefined
}

function sorted(record: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function isSame(ours: readonly Pair[], theirs: readonly Pair[]): boolean {
  return (
    ours.length === theirs.length &&
    ours.every(([name, value], index) => name === theirs[index]?.[0] && value === theirs[index]?.[1])
  )
}

function show(fields: readonly Pair[]): string {
  return JSON.stringify(fields).slice(0, 1000)
}

/** What to look at; the blocks before are made again by the same seed. */
export function describeHpackFinding({ seed, connection, sequence, block, verdict }: HpackFinding): string {
  const how = `seed ${seed}, connection ${connection}, SETTINGS_HEADER_TABLE_SIZE ${sequence.tableSize}, block ${block} of ${sequence.blocks.length}`
  return `${how}:\n  ${sequence.blocks[block]?.toString('hex').slice(0, 2000)}\n${verdict}`
}

export function describeHpackTally({ differences, ...counts }: HpackTally, took: number): string {
  const lines = Object.entries(counts).map(([name, count]) => `${name}: ${count}`)
  for (const [name, count] of differences) lines.push(`difference ${name}: ${count}`)
  return `${lines.join('\n')}\nrate: ${Math.round((counts.cases / took) * 1000)} cases a second`
}
