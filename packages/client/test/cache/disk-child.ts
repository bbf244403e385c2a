import { diskStore } from '../../src/disk.ts'
import { createClient } from '../../src/index.ts'

/** Asks for one thing after another, and closes nothing. */
const [path = '', baseUrl = '', calls = ''] = process.argv.slice(2)
const store = diskStore({ path, maxBytes: 16 * 1024 * 1024 })
await store.ready
const client = createClient({ baseUrl, cache: { store } })
for (let index = 0; index < Number(calls); index++) {
  await client.get(`/${index % 30}`).text()
  if (index === 20 || Number(calls) === 1) process.stdout.write('asked\n')
}
