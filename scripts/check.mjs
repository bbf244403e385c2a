import { performance } from 'node:perf_hooks'
import { pinnedNode, progress, run } from './child.mjs'

const attw = ['--profile', 'esm-only', '--pack']

/** What must hold beside the tests, cheapest first. Each stands alone, so that one run names everything. */
const checks = [
  ['format', 'biome', ['format', '.']],
  ['layers', pinnedNode, ['scripts/check-layers.ts']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', ['-p', 'tsconfig.check.json']],
  ['dead code', 'knip', []],
  // A minute of it: it builds a copy, and runs tests there, as the page says.
  ['the steps of CONTRIBUTING.md', pinnedNode, ['--test', 'packages/gateway/test/docs/add-a-policy.ts']],
  ['package @headgate/core', 'publint', ['packages/core', '--strict']],
  ['package @headgate/client', 'publint', ['packages/client', '--strict']],
  ['package @headgate/ecs', 'publint', ['packages/ecs', '--strict']],
  ['package headgate', 'publint', ['packages/gateway', '--strict']],
  ['exports of @headgate/core', 'attw', [...attw, 'packages/core']],
  ['exports of @headgate/client', 'attw', [...attw, 'packages/client']],
  ['exports of @headgate/ecs', 'attw', [...attw, 'packages/ecs']],
  ['exports of headgate', 'attw', [...attw, 'packages/gateway', '--exclude-entrypoints', 'schema.json']],
]

/** Runs all checks, shows the output of those that fail, and returns the exit code. */
export async function check() {
  const failed = []
  for (const [name, command, args] of checks) {
    const start = performance.now()
    const { code, output } = await run(command, args, { capture: true, limit: 5 * 60_000 })
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    progress(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
    if (code === 0) continue
    failed.push(name)
    process.stderr.write(`$ ${[command, ...args].join(' ')}\n${output.trimEnd()}\n`)
  }
  if (failed.length > 0) progress(`${failed.length} of ${checks.length} checks failed: ${failed.join(', ')}`)
  return failed.length > 0 ? 1 : 0
}
