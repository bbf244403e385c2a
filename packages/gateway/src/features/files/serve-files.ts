import { randomUUID } from 'node:crypto'
import {
  acceptedCoding,
  type Clock,
  type Exchange,
  fieldValue,
  type Handler,
  HeaderList,
  type HttpRequest,
  HttpResponse,
  TrafficError,
} from '@headgate/core'
import { withoutPrefix } from '../rewrite/rewrite.ts'
import { FileBody } from './file-body.ts'
import { fileAnswer, fileAs } from './file-answer.ts'
import { fieldsByName } from './file-fields.ts'
import { type AskedFile, fileName } from './file-name.ts'
import { type KnownFile, KnownFiles } from './known-files.ts'
import { CODING_NAMES } from './precompressed.ts'
import type { FilesConfig } from './setting.ts'

const METHODS = ['GET', 'HEAD']

/** A file may change between the look at it and its opening; one that does so again and again is not served. */
const TRIES = 3

/** Serves the files of a folder. */
export function serveFiles(config: FilesConfig, clock: Clock, boundary: () => string = randomUUID): Handler {
  const { root: folder, symlinks, precompressed } = config
  const files = new KnownFiles({ folder, symlinks, precompressed }, clock, fieldsByName(config))
  const search = new Search(config, files)

  async function answer(exchange: Exchange): Promise<HttpResponse> {
    const { request } = exchange
    if (!METHODS.includes(request.method)) throw methodNotAllowed(request.method)
    for (let tries = 0; tries < TRIES; tries++) {
      // What is known is answered without a wait.
      const found = search.known(request.path) ?? (await search.answering(request.path))
      if (found === undefined) throw notFound(request.path)
      if (found.kind === 'folder') return toFolder(request)
      const file = chosen(found.file, request)
      const answer =
        found.status === 200
          ? fileAnswer(file, request, clock.wallTime(), boundary)
          : fileAs(found.status, file, request)
      const response = answer instanceof Promise ? await answer : answer
      if (response !== undefined) return occupied(exchange, response)
      files.forget(found.name)
    }
    throw new TrafficError('file_unreadable', `the file of ${request.path} changes while it is read`)
  }
  return answer
}

/** A file that is sent is given up with its exchange, as at the end of its time. */
function occupied(exchange: Exchange, response: HttpResponse): HttpResponse {
  const { body } = response
  if (body instanceof FileBody) {
    exchange.occupy(body)
    body.onEnd = () => exchange.release(body)
  }
  return response
}

type Found =
  | { readonly kind: 'file'; readonly name: string; readonly file: KnownFile; readonly status: 200 | 404 }
  /** What was asked for without the slash at its end. */
  | { readonly kind: 'folder' }

/** Which file answers for a path. */
class Search {
  private readonly config: FilesConfig
  private readonly files: KnownFiles

  constructor(config: FilesConfig, files: KnownFiles) {
    this.config = config
    this.files = files
  }

  /** The file that is asked for by its name, if that is known still. */
  known(path: string): Found | undefined {
    const asked = this.nameOf(path)
    if (asked === undefined || asked.asFolder) return undefined
    const file = this.files.known(asked.name)
    return typeof file === 'object' ? { kind: 'file', name: asked.name, file, status: 200 } : undefined
  }

  async answering(path: string): Promise<Found | undefined> {
    const { fallback, notFound: page } = this.config
    const asked = this.nameOf(path)
    const found = asked && (await this.asked(asked))
    if (found !== undefined) return found
    if (fallback !== undefined && asked !== undefined && !lastPart(path).includes('.')) {
      const instead = await this.file(fallback.slice(1), 200)
      if (instead !== undefined) return instead
    }
    return page === undefined ? undefined : this.file(page.slice(1), 404)
  }

  private nameOf(path: string): AskedFile | undefined {
    const { stripPrefix } = this.config
    if (stripPrefix === undefined) return fileName(path)
    const asked = fileName(withoutPrefix(path, stripPrefix))
    // The prefix alone is a folder that was asked for without the slash at its end.
    return asked && { ...asked, asFolder: path.endsWith('/') }
  }

  private async asked({ name, asFolder }: AskedFile): Promise<Found | undefined> {
    const found = asFolder ? 'folder' : await this.files.find(name)
    if (found === 'folder') {
      const index = await this.index(name)
      return asFolder || index === undefined ? index : { kind: 'folder' }
    }
    if (found !== undefined) return { kind: 'file', name, file: found, status: 200 }
    for (const extension of this.config.extensions) {
      const other = await this.file(name + extension, 200)
      if (other !== undefined) return other
    }
    return undefined
  }

  private async index(folder: string): Promise<Found | undefined> {
    for (const name of this.config.index) {
      const found = await this.file(folder === '' ? name : `${folder}/${name}`, 200)
      if (found !== undefined) return found
    }
    return undefined
  }

  private async file(name: string, status: 200 | 404): Promise<Found | undefined> {
    const file = await this.files.find(name)
    return typeof file === 'object' ? { kind: 'file', name, file, status } : undefined
  }
}

/** The file itself, or the same content in the coding that the client likes best. */
function chosen(file: KnownFile, { headers }: HttpRequest): KnownFile {
  if (file.coded.size === 0) return file
  const offered = CODING_NAMES.filter((coding) => file.coded.has(coding))
  const coding = acceptedCoding(headers.get('accept-encoding'), offered)
  // Who takes no coding at all, nor the content as it is, gets that: nearly always better than nothing (RFC 9110 12.5.3).
  return coding === undefined || coding === 'identity' ? file : (file.coded.get(coding) ?? file)
}

/** Links on the page are relative to its folder. The redirect is relative, too: it holds whatever stands before the path. */
function toFolder({ path, query }: HttpRequest): HttpResponse {
  const headers = new HeaderList()
  headers.set('location', fieldValue(`./${lastPart(path)}/${query}`))
  return new HttpResponse(308, headers)
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function notFound(path: string): TrafficError {
  return new TrafficError('file_not_found', `no file answers for ${path}`, { phase: 'route' })
}

function methodNotAllowed(method: string): TrafficError {
  const error = new TrafficError('method_not_allowed', `files are not changed by ${method}`, {
    phase: 'route',
  })
  error.allow = METHODS
  return error
}
