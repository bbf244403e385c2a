import { HpackDecoder } from '../../../src/h2/hpack-decoder.ts'
import { responseMalformation } from '../../../src/h2/message-rules.ts'
import { pair, type Pair, RecordingSection } from '../hpack-blocks.ts'

/** What our decoder and the rules of responses made of one block. */
export interface OurBlock {
  /** All of them, in the order of the block. */
  readonly fields: readonly Pair[]
  /** The names of fields that came as never indexed, sorted. */
  readonly sensitive: readonly string[]
  /** Why it is no response that is passed on; undefined if it is one. */
  readonly refused: string | undefined
  /** Whether others may come behind it on the same stream. */
  readonly informational: boolean
}

export interface OurReading {
  readonly blocks: readonly OurBlock[]
  /** Why the block behind these ended the connection. */
  readonly fault: string | undefined
}

export function readOurs(blocks: readonly Buffer[], tableSize: number): OurReading {
  const decoder = new HpackDecoder()
  decoder.limitTable(tableSize)
  const read: OurBlock[] = []
  for (const block of blocks) {
    const section = new RecordingSection()
    const fault = decoder.decode(block, 0, block.length, section)
    if (fault !== undefined) return { blocks: read, fault: fault.message }
    read.push({
      fields: section.all.map(pair),
      sensitive: section.all
        .flatMap(({ name, neverIndexed }) => (neverIndexed ? [name.text] : []))
        .toSorted(),
      refused: responseMalformation(section),
      informational: section.status?.value.startsWith('1') === true,
    })
  }
  return { blocks: read, fault: undefined }
}
