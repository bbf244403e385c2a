import { type Exchange, type HttpResponse, TrafficError, type WholeBody } from '@headgate/core'
import { mediaType } from '../../../routing/conditions.ts'
import { collectContent } from '../../collect-body.ts'
import { type BodyForm, isJsonType, takesType } from '../judge-body.ts'
import { type JsonRules, readJson } from '../read-json.ts'
import { InvalidResponse, type Violation } from '../violation.ts'
import { WatchedBody } from './watched-body.ts'

/** What a document says of the responses of one status. */
export interface ResponseForm {
  /** `200`, `2XX` or `DEFAULT`. */
  readonly status: string
  /** Undefined where it says nothing of content. */
  readonly forms: readonly BodyForm[] | undefined
}

export interface ResponseRules extends JsonRules {
  /** Bytes of a response that are held. */
  readonly size: number
  /** Whether each is held until it is known to be valid. If not, none is, and what it was is told when it has gone. */
  readonly isEnforced: boolean
}

/** What a response was found to be; `unseen` where nothing is said of it, or it is too large to be looked at. */
export type ResponseVerdict = 'valid' | 'unseen' | TrafficError

/**
 * Says what is wrong with a response. One that is held is in memory from then on.
 * @param late told of one that is not held, when it has gone; `later` is returned of it
 * @throws TrafficError for one that is too large to be looked at; what broke its body
 */
export function judgeResponse(
  { request }: Exchange,
  response: HttpResponse,
  forms: readonly ResponseForm[],
  rules: ResponseRules,
  late: (verdict: ResponseVerdict) => void,
): ResponseVerdict | 'later' | Promise<ResponseVerdict> {
  const { status, headers, body } = response
  const said = formFor(forms, status)?.forms
  // A part of a content (206) is none of its own.
  if (said === undefined || status === 206 || request.method === 'HEAD' || body.length === 0) return 'unseen'
  const written = headers.get('content-type')
  const type = written === undefined ? '' : mediaType(written)
  const form = said.find((each) => takesType(each.type, type))
  if (form === undefined)
    return new InvalidResponse([
      { in: 'header', pointer: '/content-type', detail: `is none of ${typesOf(said)}` },
    ])
  const { schema } = form
  if (!isJsonType(type)) return 'unseen'
  const coding = headers.get('content-encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    if (!rules.isEnforced) return 'unseen'
    return new InvalidResponse([
      {
        in: 'header',
        pointer: '/content-encoding',
        detail: 'is there, though the upstream was asked for none',
      },
    ])
  }
  const verdict = (whole: WholeBody): ResponseVerdict => {
    if (schema?.takes?.(whole.bytes, rules) === true) return 'valid'
    const read = readJson(whole, rules)
    if (!read.ok) return new InvalidResponse([read.violation])
    const mistakes = schema?.check(read.value, read.values)
    if (mistakes === undefined) return 'valid'
    return new InvalidResponse(mistakes.map((mistake): Violation => ({ in: 'body', ...mistake })))
  }
  if (body.whole !== undefined && body.whole.length <= rules.size) return verdict(body.whole)
  if (!rules.isEnforced) {
    if ((body.length ?? 0) > rules.size) return 'unseen'
    const told = (whole: WholeBody | undefined): void => late(whole === undefined ? 'unseen' : verdict(whole))
    response.body = new WatchedBody(body, rules.size, told)
    return 'later'
  }
  if ((body.length ?? 0) > rules.size) throw tooLarge(rules.size)
  const taken = (whole: WholeBody): void => void (response.body = whole)
  return collectContent(body, rules.size, () => tooLarge(rules.size), taken).then(verdict)
}

/** The most specific one (3.1, 4.8.16): a status, its class, and what holds for all others. */
function formFor(forms: readonly ResponseForm[], status: number): ResponseForm | undefined {
  const named = (name: string): ResponseForm | undefined => forms.find((each) => each.status === name)
  return named(String(status)) ?? named(`${Math.floor(status / 100)}XX`) ?? named('DEFAULT')
}

function typesOf(forms: readonly BodyForm[]): string {
  return forms.map(({ type }) => type).join(', ')
}

function tooLarge(limit: number): TrafficError {
  return new TrafficError(
    'response_body_too_large',
    `the response is larger than the ${limit} bytes that may be checked: see validate.limits.size`,
    { phase: 'response-body' },
  )
}
