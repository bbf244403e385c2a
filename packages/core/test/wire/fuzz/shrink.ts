import type { Input } from './input.ts'

/** Attempts after which what was reached is small enough. */
const ATTEMPTS = 5000

/** Makes a failing case smaller as long as it fails in the same way, as far as numbers and quotations go: fewer cuts and bytes. */
export async function shrink(
  input: Input,
  verdictOn: (candidate: Input) => Promise<string | undefined>,
): Promise<Input> {
  let smallest: Input = { ...input, bytes: Buffer.from(input.bytes) }
  const kind = kindOf(await verdictOn(smallest))
  let attempts = 0
  const keep = async (candidate: Input): Promise<boolean> => {
    if (attempts++ > ATTEMPTS || kindOf(await verdictOn(candidate)) !== kind) return false
    smallest = candidate
    return true
  }
  await keep({ ...smallest, cuts: [] })
  for (const cut of smallest.cuts) await keep({ ...smallest, cuts: [cut] })
  await keep({ ...smallest, lowLimits: false })
  await keep({ ...smallest, whole: false })
  if (smallest.answers !== undefined)
    await keep({ ...smallest, answers: { method: 'GET', upgrade: undefined, version: '1.1' } })
  for (let size = smallest.bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < smallest.bytes.length; ) if (!(await keep(without(smallest, at, size)))) at += size
  }
  for (const cut of new Set(smallest.cuts))
    await keep({ ...smallest, cuts: smallest.cuts.filter((each) => each !== cut) })
  return { ...smallest, cuts: [...new Set(smallest.cuts)] }
}

/** A verdict's first words, which tell one defect from another. */
function kindOf(verdict: string | undefined): string | undefined {
  return verdict
    ?.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(/\d+/g, '')
    .slice(0, 24)
}

/** Cuts move with the bytes that they stand before. */
function without({ bytes, cuts, ...rest }: Input, at: number, size: number): Input {
  const end = Math.min(bytes.length, at + size)
  return {
    ...rest,
    bytes: Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]),
    cuts: cuts.map((cut) => (cut <= at ? cut : Math.max(at, cut - (end - at)))),
  }
}

/** The bytes as a JavaScript string in latin1, with nothing in it that a terminal hides. */
export function literal(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1'))
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
  const hex = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  return `'${text.replace(/\\u00([0-9a-f]{2})/g, '\\x$1').replace(/[^ -~]/g, hex)}'`
}
