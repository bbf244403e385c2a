import { type Priority, requestPriority, responsePriority } from '../fields/priority.ts'
import type { HttpResponse } from '../message/response.ts'
import type { FieldSection } from './field-section.ts'
import { FRAME_SIZE } from './frame-types.ts'
import type { Http2Stream } from './stream.ts'

/** How the responses to requests are to be sent, as clients ask for it: by the field Priority, and by PRIORITY_UPDATE (RFC 9218). */
export class RequestPriorities {
  /** What PRIORITY_UPDATE has said of streams that are still idle: it may come before the request (RFC 9218 7.1). */
  private readonly early = new Map<number, Priority | undefined>()

  /**
   * Keeps what is said of an idle stream until it is opened.
   * @param highest the highest stream that was opened: those up to it are idle no more
   * @param room how many may be told of ahead
   * @returns false if these are too many
   */
  keep(streamId: number, priority: Priority | undefined, highest: number, room: number): boolean {
    const { early } = this
    if (!early.has(streamId) && early.size >= room) {
      for (const id of early.keys()) if (id <= highest) early.delete(id)
      if (early.size >= room) return false
    }
    early.set(streamId, priority ?? early.get(streamId))
    return true
  }

  /** A request is here. What a frame has said of it holds, and not what its field says (RFC 9218 7). */
  opened(stream: Http2Stream, section: FieldSection): void {
    const { early } = this
    let priority: Priority | undefined
    if (early.size > 0) {
      priority = early.get(stream.id)
      early.delete(stream.id)
    }
    if (priority === undefined && section.priority !== undefined && !isShared(section))
      priority = requestPriority(section.priority)
    if (priority !== undefined) stream.prioritize(priority)
  }
}

/**
 * Whether an intermediary has sent it, on a connection that it may share among many clients: these are served in turns, lest what one of
 * them asks for keep others waiting (RFC 9218 13.1).
 */
function isShared({ list }: FieldSection): boolean {
  for (let index = 0; index < list.length; index++) {
    const { name } = list.at(index)
    if (name.text === 'via' || name.text === 'forwarded' || name.text === 'x-forwarded-for') return true
  }
  return false
}

/** An origin may know better than the client how urgent its response is (RFC 9218 8). What fits into a frame waits for nobody. */
export function prioritizeResponse(stream: Http2Stream, { headers, body: { length } }: HttpResponse): void {
  if (length !== undefined && length <= FRAME_SIZE) return
  const said = headers.get('priority')
  if (said !== undefined) stream.prioritize(responsePriority(said, stream.priority))
}
