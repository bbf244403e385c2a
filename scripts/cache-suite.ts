// npm run cache-suite: http-cache-tests against a gateway with a cache, and what it says of other caches.
import { cacheSuiteReport } from '../packages/gateway/test/cache-suite/report.ts'

const { table, notPassed } = await cacheSuiteReport()
process.stdout.write(`${table}\n\n`)
for (const { id, kind, verdict, message } of notPassed)
  process.stdout.write(`${verdict}: ${id} (${kind}): ${message}\n`)
