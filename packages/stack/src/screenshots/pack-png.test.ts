import { deflateSync, inflateSync } from 'node:zlib'
import { test } from 'tap'
import { chunk, packPng } from './pack-png.ts'

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

function png(width: number, height: number, rows: readonly number[], kind = 2): Buffer {
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, 8, kind, 0, 0, 0])
  const data = deflateSync(Buffer.from(rows))
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))])
}

function part(of: Buffer, type: string): Buffer {
  const at = of.indexOf(type, 0, 'latin1')
  return of.subarray(at + 4, at + 4 + of.readUInt32BE(at - 4))
}

test('every filter of a row is undone, and the colours are the same', async (t) => {
  const red = [200, 10, 20]
  const packed = packPng(
    png(2, 5, [
      ...[0, ...red, 1, 2, 3],
      ...[1, ...red, 0, 0, 0],
      ...[2, 0, 0, 0, 0, 0, 0],
      ...[3, 100, 5, 10, 0, 0, 0],
      ...[4, 0, 0, 0, 0, 0, 0],
    ]),
  )
  t.same([...part(packed, 'PLTE')], [...red, 1, 2, 3])
  t.same([...inflateSync(part(packed, 'IDAT'))], [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  t.equal(part(packed, 'IHDR')[9], 3)
})

test('what is no picture of a browser is refused', async (t) => {
  t.throws(() => packPng(Buffer.from('not a picture, though long enough')), TypeError)
  t.throws(() => packPng(png(1, 1, [0, 0], 0)), TypeError, 'in grey')
})
