// Which test files share a process: to start one and to load the modules takes half a second and more of CPU, and most files need
// little more than that for their tests.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './child.mjs'

/** The entries of processes that run several files. */
const GROUPS = join(root, 'node_modules/.cache/test-groups')

/** So many files of a folder share a process. */
const MOST = 12
/** In folders whose tests start processes and wait for them: the cores share that work. */
const MOST_OF_SLOW = 3
const SLOW = ['admin', 'cli', 'docs', 'examples', 'survival', 'workers'].map(
  (name) => `packages/gateway/test/${name}`,
)

/**
 * Files with a process of their own: they measure memory or work, which others in the process would change, or set flags of the
 * engine, or take long enough to be worth one.
 */
const ALONE = new Set([
  'packages/client/test/fetch/differential/differential.test.ts',
  'packages/client/test/linear-work.test.ts',
  'packages/client/test/tiny-chunks.test.ts',
  'packages/client/test/turns.test.ts',
  'packages/client/test/unread.test.ts',
  'packages/core/test/fields/event-stream.test.ts',
  'packages/core/test/fields/linear-work.test.ts',
  'packages/core/test/h2/floods.test.ts',
  'packages/core/test/h2/linear-work.test.ts',
  'packages/core/test/linear-work.test.ts',
  'packages/core/test/upstream/pick-cost.test.ts',
  'packages/core/test/wire/differential.test.ts',
  'packages/ecs/test/figures.test.ts',
  'packages/gateway/test/attack/tiny-chunks.test.ts',
  'packages/gateway/test/browser/page.test.ts',
  'packages/gateway/test/cache-suite/cache-suite.test.ts',
  'packages/gateway/test/cli/footprint.test.ts',
  'packages/gateway/test/config/bounds.test.ts',
  'packages/gateway/test/config/linear-files.test.ts',
  'packages/gateway/test/config/linear-work.test.ts',
  'packages/gateway/test/docs/commands.test.ts',
  'packages/gateway/test/engine-modes.test.ts',
  'packages/gateway/test/features/graphql/hostile.test.ts',
  'packages/gateway/test/features/graphql/operation-key.test.ts',
  'packages/gateway/test/grpc/many-streams.test.ts',
  'packages/gateway/test/linear-work.test.ts',
  'packages/gateway/test/routing/linear-work.test.ts',
  'packages/gateway/test/routing/lookup-cost.test.ts',
  'packages/gateway/test/survival/flat-memory.test.ts',
])

/**
 * What `node --test` is given for these test files: those that run alone as they are, and an entry for each group. Those that take
 * longest come first, so that no core is idle at the end.
 */
export function grouped(files) {
  const folders = new Map()
  for (const file of files.map((each) => relative(root, resolve(root, each)))) {
    const others = folders.get(dirname(file))
    if (others === undefined) folders.set(dirname(file), [file])
    else others.push(file)
  }
  const slow = []
  const quick = []
  for (const [folder, all] of folders) {
    const isSlow = SLOW.includes(folder)
    const shared = all.filter((file) => !ALONE.has(file))
    slow.push(...all.filter((file) => ALONE.has(file)))
    ;(isSlow ? slow : quick).push(...entries(shared, isSlow ? MOST_OF_SLOW : MOST))
  }
  return [...slow, ...quick]
}

/** Groups of about the same size. */
function entries(files, most) {
  const count = Math.ceil(files.length / most)
  return Array.from({ length: count }, (_, index) =>
    entryOf(files.filter((_file, at) => Math.floor((at * count) / files.length) === index)),
  )
}

/** One file runs as it is. Several are suites of one entry, one after the other; what a file does before and after all its tests stays its own. */
function entryOf(files) {
  if (files.length === 1) return files[0]
  const lines = files.map((file) => {
    const url = pathToFileURL(join(root, file)).href
    return `describe(${JSON.stringify(file)}, () => import(${JSON.stringify(url)}))\n`
  })
  const text = `import { describe } from 'node:test'\n${lines.join('')}`
  // Its name tells its content: another run at the same time may have other groups.
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8)
  const path = join(GROUPS, `${dirname(files[0]).replaceAll('/', '.')}.${hash}.mjs`)
  mkdirSync(GROUPS, { recursive: true })
  writeFileSync(path, text)
  return path
}

/** Whether a path is the entry of a group. */
export function isGroup(path) {
  return path !== undefined && dirname(path) === GROUPS
}
