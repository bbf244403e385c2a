import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startOrigin } from '../origin.ts'
import { eventually } from '../../../../scripts/testing/eventually.ts'
import { configWith, startChanging } from './running-gateway.ts'

it('a file that a call has had read is not read again when its change is noticed: what came since stays', async () => {
  const origin = await startOrigin()
  const config = (name: string) => configWith({ routes: [{ name, upstream: origin.url }] })
  const gateway = await startChanging(config('first'))
  // Whoever watches the file may be the first to read it, where the machine is busy: then there is another change.
  let changes = 0
  await eventually(async () => {
    gateway.write(config(`second-${changes++}`))
    return (await gateway.call('POST', '/reload')).body['outcome'] === 'applied'
  }, 'a call reads the file before its change is noticed')
  const sent = await gateway.call('PUT', '/config', { body: config('third'), headers: { 'if-match': '*' } })
  assert.equal(sent.status, 200)
  await gateway.process.print(/configuration: nothing has changed \(file\)/)
  const name = async (): Promise<unknown> =>
    ((await gateway.call('GET', '/routes')).body['routes'] as { name: string }[])[0]?.name
  assert.equal(await name(), 'third')
  // What is written after that counts, and so does the first content again.
  for (const next of ['fourth', 'first']) {
    gateway.write(config(next))
    await gateway.process.print(new RegExp(`in force \\(file\\): .*1 added \\(${next}\\)`))
    assert.equal(await name(), next)
  }
})
