/** What a preset says of the fields, by the names of their settings. */
export interface Preset {
  readonly contentSecurityPolicy: string
  readonly contentTypeOptions: 'nosniff'
  readonly frames: 'none' | 'self'
  readonly referrerPolicy: string
  readonly permissionsPolicy: string | undefined
  readonly crossOriginOpenerPolicy: string
  readonly crossOriginEmbedderPolicy: string | undefined
  readonly crossOriginResourcePolicy: string
}

export const PRESETS = ['recommended', 'strict'] as const

/**
 * `recommended` breaks no page that does nothing unusual: its scripts run on. `strict` is what the HTTP Headers Cheat Sheet of OWASP
 * asks for, and needs pages that were made for it.
 */
export const PRESET: Readonly<Record<(typeof PRESETS)[number], Preset>> = {
  recommended: {
    contentSecurityPolicy: "base-uri 'self'; object-src 'none'",
    contentTypeOptions: 'nosniff',
    frames: 'self',
    referrerPolicy: 'strict-origin-when-cross-origin',
    permissionsPolicy: undefined,
    crossOriginOpenerPolicy: 'same-origin-allow-popups',
    crossOriginEmbedderPolicy: undefined,
    crossOriginResourcePolicy: 'same-site',
  },
  strict: {
    contentSecurityPolicy: "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'",
    contentTypeOptions: 'nosniff',
    frames: 'none',
    referrerPolicy: 'no-referrer',
    permissionsPolicy: 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
    crossOriginOpenerPolicy: 'same-origin',
    crossOriginEmbedderPolicy: 'require-corp',
    crossOriginResourcePolicy: 'same-origin',
  },
}
