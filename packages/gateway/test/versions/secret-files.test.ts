import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { folder } from '../headgate-process.ts'
import { type ChangingGateway, configWith, startChanging } from './running-gateway.ts'

function answering(body: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return configWith({ ...more, routes: [{ name: 'all', respond: { body } }] })
}

async function said({ url }: ChangingGateway): Promise<string> {
  return (await fetch(url)).text()
}

it('a file of a secret that changes is a reload', async () => {
  const cwd = folder({ secret: 'first\n' })
  const gateway = await startChanging(answering('${file:secret}'), {}, cwd)
  assert.equal(await said(gateway), 'first')
  writeFileSync(join(cwd, 'secret.new'), 'second\n')
  renameSync(join(cwd, 'secret.new'), join(cwd, 'secret'))
  await gateway.process.print(/version \d+ is in force \(file\)/)
  assert.equal(await said(gateway), 'second')
})

it('secrets that Kubernetes puts in place of others by the link ..data are a reload', async () => {
  const cwd = folder()
  const secrets = join(cwd, 'secrets')
  const volume = (name: string, secret: string): void => {
    mkdirSync(join(secrets, name), { recursive: true })
    writeFileSync(join(secrets, name, 'token'), secret)
    symlinkSync(name, join(secrets, '..data_tmp'))
    renameSync(join(secrets, '..data_tmp'), join(secrets, '..data'))
  }
  volume('..2026_1', 'first')
  symlinkSync('..data/token', join(secrets, 'token'))
  mkdirSync(join(cwd, 'elsewhere'))
  symlinkSync('../secrets/token', join(cwd, 'elsewhere/token'))
  const gateway = await startChanging(answering('${file:elsewhere/token}'), {}, cwd)
  for (const [name, secret] of [
    ['..2026_2', 'second'],
    ['..2026_3', 'third'],
  ] as const) {
    const seen = gateway.process.print(/version \d+ is in force \(file\)/)
    volume(name, secret)
    await seen
    assert.equal(await said(gateway), secret)
    gateway.process.stdout = ''
    gateway.process.stderr = ''
  }
  rmSync(secrets, { recursive: true })
})

it('a secret that is missing at a reload is waited for', async () => {
  const cwd = folder()
  const gateway = await startChanging(answering('none'), {}, cwd)
  gateway.write(answering('${file:later/secret}'))
  await gateway.process.print(/later\/secret/)
  assert.equal(await said(gateway), 'none')
  mkdirSync(join(cwd, 'later'))
  writeFileSync(join(cwd, 'later/secret'), 'come')
  await gateway.process.print(/version \d+ is in force \(file\)/)
  assert.equal(await said(gateway), 'come')
})

it('SIGHUP reads the files of secrets again, where nothing is watched', async () => {
  const cwd = folder({ secret: 'first' })
  const gateway = await startChanging(answering('${file:secret}', { reload: { watch: false } }), {}, cwd)
  writeFileSync(join(cwd, 'secret'), 'second')
  gateway.process.child.kill('SIGHUP')
  await gateway.process.print(/in force \(signal\)/)
  assert.equal(await said(gateway), 'second')
})
