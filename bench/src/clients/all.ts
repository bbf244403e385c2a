import { axios } from './axios.ts'
import type { Client } from './client.ts'
import { got } from './got.ts'
import { headgate, headgateFetch, headgateH2, headgateH2c, headgateMinimal } from './headgate.ts'
import { ky } from './ky.ts'
import { nodeFetch } from './node-fetch.ts'
import { undici, undiciH2, undiciH2c } from './undici.ts'
import { undiciFetch } from './undici-fetch.ts'

/** All clients, in the order of each round: those that are compared most stand side by side. */
export const allClients: readonly Client[] = [
  undici,
  headgate,
  headgateMinimal,
  headgateFetch,
  undiciFetch,
  nodeFetch,
  got,
  ky,
  axios,
  headgateH2c,
  undiciH2c,
  headgateH2,
  undiciH2,
]
