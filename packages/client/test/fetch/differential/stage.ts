import type { Socket } from 'node:net'
import type { Case, Script } from './case.ts'
import { argumentsOf } from './make-request.ts'
import { type Got, kindOf, type Outcome, type SeenRequest } from './outcome.ts'
import { type Fields, RawOrigin, type Seen } from './raw-origin.ts'
import { readResponse } from './read-response.ts'
import { writeScript } from './write-script.ts'

/** One run of one case on one fetch. */
interface Run {
  readonly token: string
  readonly scripts: readonly Script[]
  readonly seen: Seen[]
  /** Called when the origin withholds its response. */
  readonly stalled: () => void
}

/** How often a run is looked at, in milliseconds, and in how many looks in a row nothing has happened to one that hangs. */
const LOOK = 250
const LOOKS = 60

/** Added by one of the clients where the caller says nothing. */
const CLIENTS_OWN: ReadonlySet<string> = new Set([
  'user-agent',
  'accept',
  'accept-language',
  'accept-encoding',
  'connection',
])

/** Two origins that answer runs by the token in their path. */
export class Stage {
  private readonly runs = new Map<string, Run>()
  private readonly origins = [0, 1].map(() => new RawOrigin((seen, socket) => this.answer(seen, socket)))
  private same = ''
  private other = ''
  private count = 0

  async open(): Promise<void> {
    const [same = '', other = ''] = await Promise.all(this.origins.map((origin) => origin.listen()))
    this.same = same
    this.other = other
  }

  close(): void {
    for (const origin of this.origins) origin.close()
  }

  async run(given: Case, fetch: typeof globalThis.fetch): Promise<Outcome> {
    const token = `r${(this.count++).toString(36).padStart(6, '0')}`
    const control = new AbortController()
    const reason = reasonOf(given)
    const abort = (): void => control.abort(reason)
    const scripts = given.scripts.map((script) => this.placed(script, token))
    const run: Run = { token, scripts, seen: [], stalled: () => endsWhereItStalls(given) && abort() }
    this.runs.set(token, run)
    const got = await unlessHung(this.got(given, fetch, token, control, reason), () => run.seen.length, abort)
    this.runs.delete(token)
    const { fields, more } = given.request
    const own = new Set('headers' in more ? [] : fields.map(([name]) => name.toLowerCase()))
    return this.neutral({ seen: run.seen.map((seen) => shown(seen, own)), got }, token)
  }

  private async got(
    given: Case,
    fetch: typeof globalThis.fetch,
    token: string,
    control: AbortController,
    reason: unknown,
  ): Promise<Got> {
    const { abort } = given.request
    if (abort === 'before') control.abort(reason)
    let input: string | URL | Request = ''
    try {
      const [first, init] = argumentsOf(given, `${this.same}/${token}/`, abort && control.signal)
      input = first
      const response = await fetch(input, init)
      if (abort === 'body') control.abort(reason)
      return { ...(await readResponse(response, given, reason)), ...usedOf(input) }
    } catch (thrown) {
      return { threw: kindOf(thrown, reason), ...usedOf(input) }
    }
  }

  private answer(seen: Seen, socket: Socket): Promise<boolean> {
    const run = this.runs.get(/^\/(r\w{6})/.exec(seen.target)?.[1] ?? '')
    if (run === undefined) {
      socket.destroy()
      return Promise.resolve(false)
    }
    const script = run.scripts[Math.min(run.seen.length, run.scripts.length - 1)] as Script // each case has one
    run.seen.push(seen)
    const written = writeScript(socket, script, seen.method)
    if (script.cut?.startsWith('stall')) run.stalled()
    return written
  }

  /** A script with its places in it. */
  private placed(script: Script, token: string): Script {
    const fields: Fields = script.fields.map(([name, value]) => {
      if (name.toLowerCase() !== 'location') return [name, value]
      const place = value
        .replace('/same', `/${this.same.slice(7)}`)
        .replace('@same', `@${this.same.slice(7)}`)
      return [name, place.replace(/([/@])other/, `$1${this.other.slice(7)}`).replace('/R', `/${token}`)]
    })
    return { ...script, fields }
  }

  /** Without what is by chance. */
  private neutral(outcome: Outcome, token: string): Outcome {
    const text = JSON.stringify(outcome)
      .replaceAll(token, 'R')
      .replaceAll(this.same, 'http://same')
      .replaceAll(this.other, 'http://other')
      .replaceAll(this.same.slice(7), 'same')
      .replaceAll(this.other.slice(7), 'other')
    return JSON.parse(text) as Outcome
  }
}

/** Whether a call is still waiting when its origin falls silent: one that checks integrity waits for all of the content. */
function endsWhereItStalls({ request: { abort, more } }: Case): boolean {
  return abort === 'head' || (abort === 'body' && Boolean(more['integrity']))
}

function usedOf(input: string | URL | Request): Got {
  return input instanceof Request ? { requestUsed: input.bodyUsed } : {}
}

function reasonOf({ request }: Case): unknown {
  if (request.reason === 'none') return undefined
  return request.reason === 'error' ? new RangeError('the caller’s own') : 'a text'
}

function shown({ method, target, fields, content }: Seen, own: ReadonlySet<string>): SeenRequest {
  const boundary = /^--(\S+)\r\n/.exec(content.toString('latin1'))?.[1]
  const neutral = (text: string): string =>
    boundary === undefined ? text : text.replaceAll(boundary, 'BOUNDARY')
  const compared = fields
    .filter(([name]) => own.has(name) || !CLIENTS_OWN.has(name))
    // What a browser says of itself: the platform says it whatever the caller says.
    .filter(([name]) => name !== 'sec-fetch-mode')
    .filter(([name]) => boundary === undefined || name !== 'content-length')
    .map(([name, value]) => [name, neutral(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return { method, target, fields: compared, content: neutral(content.toString('latin1')) }
}

/** Counts turns of the event loop that brought nothing, and no time: a machine that is busy makes a run slow, and does not hang it. */
async function unlessHung(got: Promise<Got>, happened: () => number, abort: () => void): Promise<Got> {
  let timer: NodeJS.Timeout | undefined
  const hung = new Promise<Got>((resolve) => {
    const look = (before: number, quiet: number): void => {
      const now = happened()
      if (quiet < LOOKS) timer = setTimeout(look, LOOK, now, now === before ? quiet + 1 : 0)
      else {
        abort()
        resolve({ threw: 'it hung' })
      }
    }
    look(0, 0)
  })
  return Promise.race([got, hung]).finally(() => clearTimeout(timer))
}
