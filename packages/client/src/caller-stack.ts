/**
 * Adds who called to an error's stack. An error is made where the network told of it, in a turn of the event loop that knows no caller;
 * here, in an async function that its caller awaits, V8 knows who waits for it, and nothing was paid for that before.
 */
export async function withCaller<Thrown>(thrown: Thrown): Promise<Thrown> {
  // What fails at once fails before anybody awaits it.
  await Promise.resolve()
  if (!(thrown instanceof Error) || typeof thrown.stack !== 'string') return thrown
  const here: { stack?: string } = {}
  Error.captureStackTrace(here)
  const callers = (here.stack ?? '').split('\n').filter((line) => /^ +at async /.test(line))
  const more = callers.filter((line) => !thrown.stack?.includes(line))
  if (more.length > 0) thrown.stack += `\n${more.join('\n')}`
  return thrown
}
