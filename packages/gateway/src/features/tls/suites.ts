/** Of TLS 1.3: all that browsers have. */
export const TLS13: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
]

/**
 * Of TLS 1.2: forward secrecy and authenticated encryption. The three suites with finite-field Diffie-Hellman, which Mozilla's
 * guidelines had up to 5.7, are left out: a client makes a server compute them for nothing (D(HE)at, CVE-2002-20001).
 */
export const TLS12: readonly string[] = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]
