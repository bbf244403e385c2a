import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { parseConfig } from '../../src/config/parse.ts'
import { Supervisor, type SupervisorEvent } from '../../src/workers/supervisor.ts'
import { folder } from '../headgate-process.ts'
import { startOrigin } from '../origin.ts'

it('a worker that is replaced when the folder of the log is gone serves without a log, and says so', async () => {
  const origin = await startOrigin()
  const logs = folder()
  const result = parseConfig({
    workers: 1,
    listeners: [{ address: '127.0.0.1:0' }],
    accessLog: { path: join(logs, 'access.log') },
    routes: [{ upstream: origin.url }],
  })
  assert.ok(result.ok)
  const events = new EventEmitter()
  const notices: string[] = []
  const onEvent = (event: SupervisorEvent): void => {
    if (event.type === 'notice') notices.push(event.message)
    events.emit(event.type)
  }
  const supervisor = new Supervisor(result.config, { onEvent })
  after(() => supervisor.stop())
  const [listener] = await supervisor.start()
  rmSync(logs, { recursive: true })
  const replaced = once(events, 'replaced')
  supervisor.slots[0]?.terminate()
  await replaced
  assert.match(notices.join('\n'), /worker 0: this worker writes no access log: ENOENT/)
  const response = await fetch(`http://127.0.0.1:${listener?.port}/`, { headers: { connection: 'close' } })
  assert.equal(await response.text(), 'ok\n')
})
