import '../node-version.ts'
export * from '@headgate/core/testing'
export { respond } from './respond.ts'
