import { crc32, deflateSync, inflateSync } from 'node:zlib'

/**
 * The same picture as a PNG of at most 256 colours, a third of the bytes. Where it has more, colours that differ by less than
 * an eye sees become one.
 * @throws TypeError for anything but the 8-bit PNG without interlacing that browsers make
 */
export function packPng(png: Buffer): Buffer {
  const chunks = chunksOf(png)
  const header = chunks.find(({ type }) => type === 'IHDR')?.data
  const channels = header && { 2: 3, 6: 4 }[header[9] ?? 0]
  if (header === undefined || channels === undefined || header[8] !== 8 || header[12] !== 0) {
    throw new TypeError('no 8-bit PNG in RGB or RGBA')
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const data = chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data)
  const pixels = unfilter(inflateSync(Buffer.concat(data)), width * channels, height, channels)
  for (const step of [1, 2, 4, 8, 16, 32]) {
    const palette = new Map<number, number>()
    const rows = Buffer.alloc(height * (width + 1))
    for (let index = 0; index < width * height; index += 1) {
      const colour = rounded(pixels, index * channels, step)
      const known = palette.get(colour) ?? palette.size
      palette.set(colour, known)
      rows[index + Math.floor(index / width) + 1] = known
    }
    if (palette.size > 256) continue
    const colours = Buffer.from(
      [...palette.keys()].flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]),
    )
    const indexed = Buffer.from(header)
    indexed[9] = 3
    return Buffer.concat([
      png.subarray(0, 8),
      ...[chunk('IHDR', indexed), chunk('PLTE', colours)],
      ...[chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })), chunk('IEND', Buffer.alloc(0))],
    ])
  }
  throw new TypeError('too many colours')
}

/** The colour at a pixel, each part of it to the nearest multiple of `step`. */
function rounded(pixels: Buffer, at: number, step: number): number {
  const round = (value = 0) => Math.min(255, Math.round(value / step) * step)
  return (round(pixels[at]) << 16) | (round(pixels[at + 1]) << 8) | round(pixels[at + 2])
}

function chunksOf(png: Buffer): { readonly type: string; readonly data: Buffer }[] {
  const chunks: { type: string; data: Buffer }[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const data = png.subarray(at + 8, at + 8 + png.readUInt32BE(at))
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data })
  }
  return chunks
}

export function chunk(type: string, data: Buffer): Buffer {
  const framed = Buffer.alloc(12 + data.length)
  framed.writeUInt32BE(data.length)
  framed.write(type, 4, 'latin1')
  data.copy(framed, 8)
  framed.writeUInt32BE(crc32(framed.subarray(4, 8 + data.length)), 8 + data.length)
  return framed
}

/** PNG specification, section 9: each row says how its bytes were foretold from those to the left and above. */
function unfilter(filtered: Buffer, rowBytes: number, height: number, step: number): Buffer {
  const out = Buffer.alloc(rowBytes * height)
  for (let row = 0; row < height; row += 1) {
    const kind = filtered[row * (rowBytes + 1)] ?? 0
    for (let column = 0; column < rowBytes; column += 1) {
      const at = row * rowBytes + column
      const left = column < step ? 0 : (out[at - step] ?? 0)
      const above = row === 0 ? 0 : (out[at - rowBytes] ?? 0)
      const corner = column < step || row === 0 ? 0 : (out[at - rowBytes - step] ?? 0)
      const foretold = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][kind] ?? 0
      out[at] = (filtered[row * (rowBytes + 1) + 1 + column] ?? 0) + foretold
    }
  }
  return out
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)]
  if (a <= b && a <= c) return left
  return b <= c ? above : corner
}
