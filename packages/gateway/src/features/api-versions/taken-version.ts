import { fact } from '@headgate/core'

/** The version of the API that an exchange is for, where its route has versions: chosen before the request is changed. */
export const takenVersion = fact<string>('API version')
