import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { help, parseOptions } from '../src/options.ts'
import { allClients } from '../src/clients/all.ts'
import { clientWorkloads } from '../src/clients/workloads.ts'
import { allPeers } from '../src/peers/all.ts'
import { allWorkloads } from '../src/workloads/all.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the README describes every workload, in their order', () => {
  const [, section = ''] = readme.split('## Workloads')
  const names = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, cell = '']) => cell.split(', '))
  assert.deepEqual(
    names,
    allWorkloads.map(({ name }) => `\`${name}\``),
  )
})

test('the README says how every peer is set up', () => {
  const [, section = ''] = readme.split('## Is it fair?')
  for (const { name } of allPeers) assert.ok(section.toLowerCase().includes(`**${name}**`), name)
})

test('the README says what every client does, and how it is set up', () => {
  const [, section = ''] = readme.split('## Clients')
  for (const { name } of allClients) assert.ok(section.includes(`**${name}**`), name)
  for (const { name } of clientWorkloads) assert.ok(section.includes(`\`${name}\``), name)
})

test('the README names options that --help has, and its commands are accepted', () => {
  const options = [...readme.matchAll(/(?<![\w-])--[a-z]+/g)].map(([option]) => option)
  for (const option of options) assert.ok(help.includes(`  ${option} `), option)
  const commands = [...readme.matchAll(/^npm run bench(?: -- (.*?))?(?: {2,}#.*)?$/gm)].map(
    ([, args = '']) => args,
  )
  assert.equal(commands.length, 6)
  for (const args of commands) parseOptions(args.split(' ').filter((arg) => arg !== ''))
})
