/** Whether a response of that Content-Type is a stream of server-sent events (WHATWG HTML 9.2). */
export function isEventStream(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'text/event-stream'
}
