import assert from 'node:assert/strict'
import { it } from 'node:test'
import { headgate } from '../headgate-command.ts'
import { folder } from '../headgate-process.ts'

const CONFIG = `upstreams:
  app: { endpoints: [{ url: "http://127.0.0.1:1" }] }
routes:
  - { name: rest, upstream: app }
  - { name: users, match: { path: "/users/**" }, upstream: app }
  - { name: me, match: { path: /users/me, methods: [GET, PUT] }, upstream: "http://127.0.0.1:2" }
  - { name: user, match: { path: "/users/:id" }, upstream: app }
  - { name: shop, match: { host: [shop.example, "*.shop.example"] }, upstream: app }
  - { name: me-any, match: { path: /users/me }, upstream: app }
`

it('"routes" prints the table in the order of precedence, in columns', async () => {
  const cwd = folder({ 'headgate.yaml': CONFIG })
  const { code, stdout } = await headgate(['routes'], { cwd })
  assert.equal(code, 0)
  assert.equal(
    stdout,
    `HOST            PATH        METHODS  ROUTE   UPSTREAM
shop.example    /**         *        shop    app
*.shop.example  /**         *        shop    app
*               /users/me   GET,PUT  me      http://127.0.0.1:2
*               /users/me   *        me-any  app
*               /users/:id  *        user    app
*               /users/**   *        users   app
*               /**         *        rest    app
`,
  )
})
