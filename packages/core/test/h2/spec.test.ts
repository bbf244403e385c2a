import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { collect, bodyFrom } from '../../src/message/body.ts'
import type { Handler } from '../../src/message/handler.ts'
import { HeaderList } from '../../src/message/headers.ts'
import { HttpResponse } from '../../src/message/response.ts'
import { ping, type RawClient } from './raw-client.ts'
import { serve } from './server-rig.ts'
import { SPEC_CASES, type SpecCase } from './spec-cases.ts'

/** Answers when the request is whole, and not at all where it is asked for "/never". */
const handler: Handler = async ({ request }) => {
  if (request.path === '/never') return new Promise(() => {})
  await collect(request.body)
  return new HttpResponse(200, new HeaderList(), bodyFrom('ok'))
}

for (const [section, cases] of Object.entries(SPEC_CASES)) {
  describe(`RFC 7540 ${section}`, () => {
    for (const each of cases) {
      test(`${each.name}: ${each.expected}`, async (t) => {
        const server = await serve(t, handler)
        await play(each, await server.client())
      })
    }
  })
}

async function play({ send, behind, expected }: SpecCase, client: RawClient): Promise<void> {
  client.send(...send(client))
  if (behind !== undefined) {
    await client.until('DATA+END 1')
    client.send(...behind(client))
  }
  const [kind, code] = expected.split(' ')
  if (kind === 'GOAWAY') {
    const lines = await client.gone()
    assert.match(lines.at(-1) ?? '', new RegExp(`^GOAWAY \\d+ ${code}$`), lines.join(' | '))
    return
  }
  if (kind === 'RST_STREAM') await client.until(`RST_STREAM 1 ${code}`)
  else if (expected === 'answer, and the end') {
    await client.until('DATA+END 1')
    await client.gone()
    return
  } else if (expected === 'answer') await client.until('HEADERS')
  // The connection goes on, whatever became of the stream; unless it is the client who ends it.
  client.send(ping('go-on???'))
  await client.until('PING+ACK 0 go-on???')
}
