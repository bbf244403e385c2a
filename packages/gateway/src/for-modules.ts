// What modules of a configuration import as "headgate" where no package of that name is installed beside them: little, so that a
// configuration is read quickly. All of it is in index.ts, too.
export { defineConfig } from './config/define-config.ts'
export { type AnswerInit, html, json, text } from '@headgate/client/web'
