import type { HandlerContext } from '../handlers/handler-context.ts'

/** Changes a request on its way: gives another one, or nothing where it stays as it is. Its host is not looked at: where it goes, the route says. */
export type ChangeRequest = (
  request: Request,
  context: HandlerContext,
) => Request | undefined | void | Promise<Request | undefined | void>

/** Changes a response on its way: gives another one, or nothing where it stays as it is. */
export type ChangeResponse = (
  response: Response,
  context: HandlerContext,
) => Response | undefined | void | Promise<Response | undefined | void>
