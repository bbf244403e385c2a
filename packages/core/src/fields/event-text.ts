/** An event to be written into an event stream (WHATWG HTML 9.2.6). */
export interface WrittenEvent {
  /** Its name. Left out: `message`. */
  readonly type?: string | undefined
  readonly data: string
  /** The place in the stream, from which clients go on (`Last-Event-ID`). */
  readonly id?: string | undefined
  /** Milliseconds that clients are to wait before they connect again. */
  readonly retry?: number | undefined
}

/** How a stream writes an event. Names and ids have no line breaks: whatever stands behind one would be a field of its own. */
export function eventText({ type, data, id, retry }: WrittenEvent): string {
  let text = ''
  if (retry !== undefined) text += `retry: ${Math.max(0, Math.round(retry))}\n`
  if (id !== undefined && !id.includes('\0')) text += `id: ${oneLine(id)}\n`
  if (type !== undefined && type !== 'message') text += `event: ${oneLine(type)}\n`
  for (const line of data.split(LINE_END)) text += `data: ${line}\n`
  return `${text}\n`
}

const LINE_END = /\r\n|\r|\n/

function oneLine(text: string): string {
  return text.split(LINE_END).join(' ')
}
