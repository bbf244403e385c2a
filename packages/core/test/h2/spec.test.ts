import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bodyFrom, collect } from '../../src/message/body.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { ping, RawClient } from './raw-client.ts'
import { serve } from './server-rig.ts'
import { FRAME_CASES } from './spec/frame-cases.ts'
import { GENERIC_CASES } from './spec/generic-cases.ts'
import { HPACK_CASES } from './spec/hpack-cases.ts'
import { MESSAGE_CASES } from './spec/message-cases.ts'
import type { SpecCase } from './spec/spec-case.ts'
import { STREAM_CASES } from './spec/stream-cases.ts'

/** The cases of h2spec 2.6.0 for servers, all of them, the strict one too, and some more; each is held to one answer, where h2spec takes several. */
const ALL = {
  'any server': GENERIC_CASES,
  'RFC 7540 3 to 5': STREAM_CASES,
  'RFC 7540 6 and 7': FRAME_CASES,
  'RFC 7540 8': MESSAGE_CASES,
  'RFC 7541': HPACK_CASES,
}

/** How many cases h2spec 2.6.0 has in each of its parts, by `-S`. */
const COUNTS = { generic: 44, http2: 95, hpack: 8 }

test('no case of h2spec is missing', () => {
  const ids = Object.values(ALL).flatMap((cases) => cases.flatMap(({ id }) => id ?? []))
  assert.equal(new Set(ids).size, ids.length)
  for (const [part, count] of Object.entries(COUNTS)) {
    assert.equal(ids.filter((id) => id.startsWith(`${part}/`)).length, count, part)
  }
})

/** Answers when the request is whole, and not at all where it is asked for "/never". */
const handler: Handler = async ({ request }) => {
  if (request.path === '/never') return new Promise(() => {})
  await collect(request.body)
  return new HttpResponse(200, new HeaderList(), bodyFrom(request.path === '/long' ? 'a long one' : 'ok'))
}

for (const [section, cases] of Object.entries(ALL)) {
  describe(section, () => {
    for (const each of cases) {
      test(`${each.id ?? 'beside h2spec'}: ${each.name}, which gets ${each.expected}`, async (t) => {
        const server = await serve(t, handler)
        const client = each.bare ? await RawClient.to(server.port) : await server.client()
        t.after(() => client.connection.socket.destroy())
        await play(each, client)
      })
    }
  })
}

async function play({ send, behind, expected }: SpecCase, client: RawClient): Promise<void> {
  client.send(...send(client))
  for (const [line, next] of behind) {
    await client.until(line)
    client.send(...next(client))
  }
  if (expected === 'the end') return void (await client.gone())
  const [kind, code] = expected.split(' ')
  if (kind === 'GOAWAY') {
    const lines = await client.gone()
    assert.match(lines.at(-1) ?? '', new RegExp(`^GOAWAY \\d+ ${code}$`), lines.join(' | '))
    return
  }
  if (expected !== 'goes on') {
    const line = (await client.until(`${kind}`)).at(-1) ?? ''
    assert.ok(`${line} `.startsWith(`${expected} `), line)
  }
  // The connection goes on, whatever became of the stream.
  client.send(ping('go-on???'))
  await client.until('PING+ACK 0 go-on???')
}
