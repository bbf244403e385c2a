#!/usr/bin/env node
// Plain JavaScript that old Node versions can read too, so that they answer with a sentence.
import { existsSync } from 'node:fs'

const main = new URL('../bundle/main.js', import.meta.url)
const [major, minor] = process.versions.node.split('.').map(Number)

function refuse(reason) {
  process.stderr.write(`headgate: ${reason}\n`)
  process.exitCode = 1
}

if (major < 22 || (major === 22 && minor < 18)) {
  refuse(
    `this is Node ${process.versions.node}, and Headgate needs 22.18 or newer ` +
      '(in a checkout of its repository, "npx headgate" runs on the Node that npm installed there)',
  )
} else if (!existsSync(main)) {
  refuse('this checkout is not built yet: npm run build')
} else {
  await import(main.href)
}
