/** What is wrong with a module, so that it is not run at all. */
export class ModuleRefused extends Error {}

export interface Section {
  readonly id: number
  readonly content: Uint8Array
}

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** Reads a module's bytes in order (WebAssembly Core 5.2). */
export class ByteReader {
  at = 0
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  byte(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw new ModuleRefused('the module ends in the middle of a section')
    return byte
  }

  u32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new ModuleRefused('a number of the module is longer than 32 bits')
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new ModuleRefused('a section is longer than the module')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}

export function u32Bytes(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return [...bytes, rest]
}

export function readSections(bytes: Uint8Array): Section[] {
  const reader = new ByteReader(bytes)
  if (PREAMBLE.some((byte) => reader.byte() !== byte))
    throw new ModuleRefused('this is no WebAssembly module of version 1')
  const sections: Section[] = []
  while (reader.at < bytes.length) {
    const id = reader.byte()
    sections.push({ id, content: reader.take(reader.u32()) })
  }
  return sections
}

export function writeSections(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  const parts = sections
    .map(({ id, content }) => [Uint8Array.of(id, ...u32Bytes(content.length)), content])
    .flat()
  return new Uint8Array(Buffer.concat([Uint8Array.from(PREAMBLE), ...parts]))
}
