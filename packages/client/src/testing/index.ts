import '../node-version.ts'
export * from '@headgate/core/testing'
export { fromMsw, type FromMswOptions, type MswHandler } from './from-msw.ts'
export { respond } from './respond.ts'
