import type { Content } from '@gatehouse/catalog'

/** One red pixel. */
export const PNG: Uint8Array = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==',
  'base64',
)

/** A RIFF header and no samples: 8 kHz, mono, 8 bits. */
export const WAV: Uint8Array = Buffer.from('UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=', 'base64')

export const text = (words: string): Content => ({ type: 'text', text: words })
export const image: Content = { type: 'image', data: PNG, mimeType: 'image/png' }
