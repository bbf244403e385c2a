import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './child.mjs'

// Part of the build, in a process of its own since it runs on the Node of the project and loads what was just built.
const dist = join(root, 'packages/gateway/dist')
const built = (file) => import(pathToFileURL(join(dist, file)).href)
const { makeInputSchema } = await built('config/schema/schema.js')
const { configJsonSchema } = await built('config/json-schema/json-schema.js')
writeFileSync(join(dist, 'input-schema.json'), JSON.stringify(makeInputSchema()))
writeFileSync(join(dist, 'schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
