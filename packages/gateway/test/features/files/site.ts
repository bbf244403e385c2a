import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { createGateway } from '../../../src/embedding/create-gateway.ts'
import type { FilesInput } from '../../../src/config/input/input.ts'

/** A folder for the time of a test, with these files in it. */
export function folderOf(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-files-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
}

/** Asks for a path as it is written, without making it canonical. Rejects where the body is cut off. */
export type Ask = (path: string, headers?: Record<string, string>, method?: string) => Promise<Answer>

/** A gateway whose only route serves these files. */
export async function siteOf(t: TestContext, files: FilesInput): Promise<Ask & { readonly port: number }> {
  const gateway = await createGateway({
    listeners: [{ address: '127.0.0.1:0' }],
    routes: [{ match: { path: '/**' }, files }],
  })
  t.after(() => gateway.close(0))
  const [listener] = await gateway.listen()
  const port = Number(listener?.port)
  return Object.assign(askerOf(port), { port })
}

function askerOf(port: number): Ask {
  return (path, headers = {}, method = 'GET') =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const body = Buffer.concat(chunks)
          const { statusCode = 0 } = response
          resolve({ status: statusCode, headers: response.headers, body, text: body.toString() })
        })
      })
      sent.on('error', reject)
      sent.end()
    })
}
