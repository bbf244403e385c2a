// Loaded into every test process: one that does not end after its last test fails, and names what holds it.
import { after } from 'node:test'
import { isMainThread } from 'node:worker_threads'

const grace = 10_000

if (isMainThread && process.env.NODE_TEST_CONTEXT !== undefined) {
  after(() => {
    const timer = setTimeout(() => {
      const held = process.getActiveResourcesInfo().join(', ')
      process.stderr.write(
        `still open ${grace / 1000} s after the last test of ${process.argv[1]}: ${held}\n`,
      )
      process.exit(1)
    }, grace)
    timer.unref()
  })
}
