import { WireFault } from '../../../src/h1/fault.ts'
import { compare } from './compare.ts'
import { throughClient, throughServer } from './connections.ts'
import { forwardRequest, forwardResponse } from './forward.ts'
import { type Input, limitsOf, readsOf } from './input.ts'
import { contentOf, type Reading, readRequests, readResponses } from './reader.ts'
import type { Tally } from './tally.ts'

function read(input: Input, reads: readonly Buffer[]): Reading {
  const { answers } = input
  return answers === undefined
    ? readRequests(reads, limitsOf(input))
    : readResponses(reads, limitsOf(input), answers)
}

/** Runs one case; answers what is wrong, or undefined. */
export async function runCase(input: Input, tally: Tally): Promise<string | undefined> {
  const { bytes, cuts, answers } = input
  tally.cases++
  tally.bytes += bytes.length
  if (answers === undefined) tally.requests++
  else tally.responses++
  const reading = read(input, [bytes])
  const different = compare(bytes, reading, answers, tally, () => {
    const { stop } = read(input, [Buffer.concat([bytes, EMPTY_LINE])])
    return stop instanceof WireFault
  })
  if (different !== undefined) return different
  if (cuts.length > 0) {
    tally.splits++
    const [whole, split] = [describe(reading), describe(read(input, readsOf(input)))]
    if (whole !== split) return `cut at ${cuts.join(', ')}: ${split}; in one read: ${whole}`
  }
  if (input.whole) {
    tally.connections++
    const otherwise =
      answers === undefined
        ? await throughServer(input, reading)
        : await throughClient(input, answers, reading)
    if (otherwise !== undefined) return otherwise
  }
  return forward(reading, input, tally)
}

const EMPTY_LINE = Buffer.from('\r\n\r\n')

/** Sends what was accepted on, and has that read again. */
async function forward({ messages }: Reading, { answers }: Input, tally: Tally): Promise<string | undefined> {
  for (const message of messages) {
    if (message.end === undefined) return undefined
    tally.forwarded++
    const wrong =
      answers === undefined ? await forwardRequest(message) : await forwardResponse(message, answers)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** All that a reading says. Which of several reasons a refusal names may depend on the reads; that it is one may not. */
function describe({ messages, stop, at }: Reading): string {
  let text = stop instanceof WireFault ? `refused at ${at}` : `${stop} at ${at}`
  for (const message of messages) {
    const { intake, framing, fields, start, end, trailers } = message
    text += `\n${start}-${end} framing ${framing} `
    if ('status' in intake) text += `${intake.status} ${intake.version}`
    else {
      const { method, authority, path, query, version, upgrade } = intake.request
      text += `${method} ${authority.text} ${path}${query} ${version} ${upgrade} ${intake.expectsContinue}`
    }
    text += ` ${intake.persistent}`
    for (let index = 0; index < fields.size; index++)
      text += `\n${fields.nameAt(index)}: ${fields.valueAt(index)}`
    text += `\n\n${contentOf(message)}`
    for (const { name, value } of trailers ?? []) text += `\ntrailer ${name}: ${value}`
  }
  return text
}
