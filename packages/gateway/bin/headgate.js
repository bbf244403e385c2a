#!/usr/bin/env node
// Plain JavaScript that old Node versions can read too, so that they answer with a sentence.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) {
  await import('../dist/cli/main.js')
} else {
  process.stderr.write(
    `headgate: this is Node ${process.versions.node}, and Headgate needs 22.18 or newer.\n` +
      'In a checkout of its repository, "npx headgate" runs on the Node that npm installed there.\n',
  )
  process.exitCode = 1
}
