// What modules of a configuration import as "headgate" where no package of that name is installed beside them: little, so that a
// configuration is read quickly. All of it is in index.ts, too.
export { defineConfig } from './config/define-config.ts'
export {
  type AnswerInit,
  type EventInput,
  html,
  HttpError,
  type HttpErrorDetails,
  json,
  proxy,
  type ProxyOptions,
  sse,
  type SseHooks,
  text,
} from '@headgate/client/web'
