import type { FilesConfig } from './setting.ts'
import type { FieldsOf } from './known-files.ts'

/** Types of text whose charset is nowhere written in the file: what is made today is in UTF-8. */
const TEXT = /^(?:text\/|application\/(?:javascript|json|manifest\+json|xml)$|image\/svg\+xml$)/

/** The fields that a response has by the name of its file: Content-Type and Cache-Control. */
export function fieldsByName({ types, cacheControl }: FilesConfig): FieldsOf {
  const own = Object.entries(types)
  return async (name) => {
    const type = own.find(([extension]) => name.endsWith(extension))?.[1] ?? (await wellKnownType(name))
    const rule = cacheControl.find(({ files }) => fits(files, name))
    return rule === undefined ? ['content-type', type] : ['content-type', type, 'cache-control', rule.value]
  }
}

/** Loaded where the first file is read. */
async function wellKnownType(name: string): Promise<string> {
  const { default: mime } = await import('mime')
  const type = mime.getType(name)
  if (type === null) return 'application/octet-stream'
  return TEXT.test(type) ? `${type}; charset=utf-8` : type
}

/** Whether a pattern of files takes a name below the root. */
function fits(pattern: string, name: string): boolean {
  if (pattern.startsWith('*')) return name.endsWith(pattern.slice(1))
  const path = `/${name}`
  return pattern.endsWith('/**') ? path.startsWith(pattern.slice(0, -2)) : path === pattern
}
