import { resolve } from 'node:path'
import { keyed, list, noneOrMore } from '../../settings/schema/list.ts'
import { type Read, section } from '../../settings/schema/section.ts'
import { boolean, oneOf, value } from '../../settings/schema/setting.ts'
import { filePath, type Kind, textKind } from '../../settings/values/kinds.ts'
import { didYouMean, parsed, refused } from '../../settings/values/parsed.ts'
import { stripPrefix } from '../rewrite/rewrite.ts'

/** How far symbolic links are followed. */
export const SYMLINKS = ['none', 'inside', 'anywhere'] as const

/** A part of a path, as it stands on the disk: none that begins with a dot is served. */
const PART = '[^./\\\\\\u0000][^/\\\\\\u0000]*'

const plainName: Kind<string> = textKind(
  'the name of a file',
  'the name of a file, such as index.html, without its folder and not with a dot at its start',
  (written) =>
    new RegExp(`^${PART}$`).test(written)
      ? parsed(written)
      : refused('is not the name of a file that can be served'),
  { pattern: `^${PART}$` },
)

const rootedFile: Kind<string> = textKind(
  'the path of a file below the root',
  'the path of a file below the root, such as /index.html',
  (written) => {
    if (!written.startsWith('/')) return refused('does not start with "/"', didYouMean(`/${written}`))
    return new RegExp(`^(?:/${PART})+$`).test(written)
      ? parsed(written)
      : refused('is not the path of a file that can be served')
  },
  { pattern: `^(?:/${PART})+$` },
)

const extension: Kind<string> = textKind(
  'the end of file names',
  'the end of file names, such as .html',
  (written) => {
    if (/^\.[A-Za-z0-9_.-]+$/.test(written)) return parsed(written)
    return /^[A-Za-z0-9_-]+$/.test(written)
      ? refused('does not start with a dot', didYouMean(`.${written}`))
      : refused('is not the end of file names')
  },
  { pattern: '^\\.[A-Za-z0-9_.-]+$' },
)

const FILE_TYPE = '^[\\w!#$&^.+-]+/[\\w!#$&^.+-]+(?:; ?[\\w-]+=[\\w.+-]+)*$'

const fileType: Kind<string> = textKind(
  'a media type',
  'a media type, such as text/plain; charset=utf-8',
  (written) => (new RegExp(FILE_TYPE).test(written) ? parsed(written) : refused('is not a media type')),
  { pattern: FILE_TYPE },
)

const filePattern: Kind<string> = textKind(
  'a pattern of files',
  'a file (/index.html), all below a folder (/assets/**), or all of an ending (*.html)',
  (written) =>
    /^(?:\/(?:[^*]*\/)?\*\*|\/[^*]+|\*\.[^*/]+)$/.test(written)
      ? parsed(written)
      : refused('is not a pattern of files'),
  { pattern: '^(?:/(?:[^*]*/)?\\*\\*|/[^*]+|\\*\\.[^*/]+)$' },
)

const cacheControl: Kind<string> = textKind(
  'a value of Cache-Control',
  'a value of Cache-Control, such as public, max-age=31536000, immutable',
  (written) =>
    /^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/.test(written)
      ? parsed(written.trim())
      : refused('is not a value of Cache-Control'),
  { pattern: '^[ -~]*[!-~][ -~]*$' },
)

const cacheRule = section('FileCacheInput', () => ({
  files: value(
    filePattern,
    'A file (/index.html), all below a folder (/assets/**) or of an ending (*.html).',
  ),
  value: value(cacheControl, 'What Cache-Control says of them, such as public, max-age=31536000, immutable.'),
}))

export const filesSetting = section('FilesInput', () => ({
  root: value(
    filePath,
    "The folder whose files are served; a relative path starts at the configuration file's folder.",
  ),
  stripPrefix: value(
    stripPrefix,
    "A path that is cut off the front of the request's before a file is sought: with /docs, /docs/a.html is a.html.",
  ).optional(),
  index: list(value(plainName))
    .describe('Files that answer for a folder, the first one that is there; []: none.')
    .prefault(['index.html']),
  extensions: noneOrMore(
    extension,
    'Ends of names that may be left out: with [.html], /about is about.html where there is no file about.',
  ),
  fallback: value(
    rootedFile,
    'The file that answers, with 200, where there is none and the last part of the path has no dot: /index.html, for applications of one page.',
  ).optional(),
  notFound: value(rootedFile, 'The file that is the content of a 404.').optional(),
  cacheControl: list(cacheRule())
    .describe('What Cache-Control says, by file: the first one that fits counts.')
    .prefault([]),
  types: keyed(extension, value(fileType))
    .describe('Media types by the end of the name, in place of the well-known ones.')
    .prefault({}),
  precompressed: boolean(
    'Send a.js.br, a.js.zst or a.js.gz in place of a.js where it is there and the client takes it.',
    true,
  ),
  symlinks: oneOf(
    SYMLINKS,
    'Symbolic links below the root: none is followed, those that lead to a place below it, or all.',
  ).prefault('inside'),
}))

export type FilesConfig = Read<typeof filesSetting>

/** With the folder as an absolute path. */
export function absoluteRoot(files: FilesConfig, folder: string): FilesConfig {
  return { ...files, root: resolve(folder, files.root) }
}
