import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

// Loaded with --import: writes each module that a thread loads to the file of LOADS, as "main URL" or "worker URL".
const file = process.env['LOADS']
if (file !== undefined) {
  registerHooks({
    load(url, context, nextLoad) {
      appendFileSync(file, `${isMainThread ? 'main' : 'worker'} ${url}\n`)
      return nextLoad(url, context)
    },
  })
}
