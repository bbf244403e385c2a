import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../../scripts/docs/markdown.ts'

/** A member of an interface, as its source says. */
export interface Member {
  readonly name: string
  readonly type: string
  /** The docstring, but for what it says of the default. */
  readonly meaning: string
  readonly fallback: string | undefined
}

/** The members that an interface has itself. @param file below `packages/` @throws if it is not there */
export function membersOf(file: string, name: string): Member[] {
  const source = readFileSync(join(ROOT, 'packages', file), 'utf8')
  const [, body] =
    new RegExp(`^(?:export )?interface ${name}\\b[^{]*\\{\\n([^]*?)^\\}`, 'm').exec(source) ?? []
  if (body === undefined) throw new Error(`${file} has no interface ${name}`)
  const members = body.matchAll(
    /(?:^ {2}\/\*\*([^]*?)\*\/\n)?^ {2}(?:readonly )?['"]?([\w-]+)['"]?\??: ((?:.|\n {4})+)$/gm,
  )
  return [...members].map(([, comment = '', member = '', type = '']) => {
    return { name: member, type: plainType(type), ...described(comment) }
  })
}

function plainType(type: string): string {
  return type
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\breadonly /g, '')
    .replace(/ \| undefined$/, '')
    .replace(/^\((.*)\)$/, '$1')
    .trim()
}

/** "Default 5,000." and "None by default." go into a column of their own. */
function described(comment: string): Pick<Member, 'meaning' | 'fallback'> {
  const text = comment.replaceAll(/\n\s*\* ?/g, ' ').trim()
  const found = /(?:^| )(?:Default:? (.+?)|([^.;]+) by default)\.(?= |$)/.exec(text)
  if (found === null) return { meaning: text, fallback: undefined }
  const meaning = text.replace(found[0], '').trim()
  return { meaning, fallback: found[1] ?? found[2]?.toLowerCase() }
}
