import assert from 'node:assert/strict'
import { it } from 'node:test'
import { headgate } from '../../headgate-command.ts'
import { folder } from '../../headgate-process.ts'

const CONFIG = `routes:
  - name: writes
    match: { path: /graphql, graphql: { operation: mutation } }
    graphql: { maxDepth: 2 }
    rateLimit: { rate: 5/m, key: [client-ip, graphql-operation] }
    upstream: "http://127.0.0.1:1"
  - { name: rest, upstream: "http://127.0.0.1:1" }
`

it('"explain" reads an operation, and tells how it stands to the limits of its route', async () => {
  const cwd = folder({ 'headgate.yaml': CONFIG })
  const explain = async (query: string, ...more: string[]): Promise<string> =>
    (await headgate(['explain', 'POST', '/graphql', '-d', JSON.stringify({ query }), ...more], { cwd }))
      .stdout
  const taken = await explain('mutation Buy { a { x: b } }')
  assert.match(taken, /^Route writes:$/m)
  assert.match(
    taken,
    /^GraphQL:\n {2}mutation Buy\n {2}root fields a\n {2}depth 2 of 2, .* aliases 1 of 30, .* tokens 10 of 2000$/m,
  )
  assert.match(taken, /counts for client-ip 127\.0\.0\.1, graphql-operation Buy$/m)
  const refused = await explain('mutation { a { b { c } } }')
  assert.match(refused, /refused with 400: the operation has 3 levels of fields, and 2 are allowed/)
  assert.match(refused, /It is answered without an upstream:\n {2}status 400/)
  assert.match(
    await explain('{ a }'),
    /^Route rest:[^]*GraphQL:\n {2}query without a name\n {2}root fields a\n {2}depth 1, /m,
  )
  const unread = await explain('{ a }', '-H', 'content-type: text/plain')
  assert.match(
    unread,
    /^No route is sought:\n {2}refused with 415: the body must be application\/json, in UTF-8\n$/m,
  )
})
