import { json, sql } from '../sql.ts'
import type { Case } from './stage.ts'

export const valueCases: readonly Case[] = [
  {
    title: 'values arrive as the port says',
    async run(t, { db }) {
      const row = await db.asPlatform('contract', (tx) =>
        tx.one(sql`
          select 9007199254740993::int8 as int8, 7::int4 as int4, 7::int2 as int2, 1.5::float8 as float8,
            'NaN'::float8 as nan, 1.10::numeric as numeric, true as yes, false as no, null::text as nothing,
            '\\x00ff10'::bytea as bytea, '2026-11-21 09:13:15.123456+05:30'::timestamptz as instant,
            '2026-11-21'::date as date, '2026-11-21 09:13:15'::timestamp as local, '{"a":[1,null]}'::jsonb as jsonb,
            '[1, "x"]'::json as json, 'null'::jsonb as jsonnull, '1 day 02:00:00'::interval as interval,
            'c0ffee00-0000-4000-8000-000000000001'::uuid as uuid,
            array['a', 'b,"c\\', null, 'NULL', '', '{}'] as texts, array[[1, 2], [3, 4]] as grid, '{}'::int8[] as empty,
            array[1, 2]::int8[] as bigs, array['{"a":"}"}']::jsonb[] as jsons`),
      )
      t.strictSame(row, {
        int8: 9007199254740993n,
        int4: 7,
        int2: 7,
        float8: 1.5,
        nan: Number.NaN,
        numeric: '1.10',
        yes: true,
        no: false,
        nothing: null,
        bytea: new Uint8Array([0, 255, 16]),
        instant: new Date('2026-11-21T03:43:15.123Z'),
        date: '2026-11-21',
        local: '2026-11-21 09:13:15',
        jsonb: { a: [1, null] },
        json: [1, 'x'],
        jsonnull: null,
        interval: '1 day 02:00:00',
        uuid: 'c0ffee00-0000-4000-8000-000000000001',
        texts: ['a', 'b,"c\\', null, 'NULL', '', '{}'],
        grid: [
          [1, 2],
          [3, 4],
        ],
        empty: [],
        bigs: [1n, 2n],
        jsons: [{ a: '}' }],
      })
    },
  },
  {
    title: 'values are sent so that they come back the same',
    async run(t, { db }) {
      const at = new Date('2026-11-21T03:43:15.123Z')
      const big = 2n ** 62n
      const bytes = new Uint8Array([0, 1, 127, 128, 255])
      const texts = ['plain', 'quote"s', 'back\\slash', 'comma,{brace}', '', 'NULL', 'ü\n🦊']
      const row = await db.asPlatform('contract', (tx) =>
        tx.one(sql`
          select ${at}::timestamptz as at, ${big}::int8 as big, ${bytes}::bytea as bytes, ${texts}::text[] as texts,
            ${{ a: [1, 'ü'] }}::jsonb as object, ${json([1, 'two'])}::jsonb as list, ${json('word')}::jsonb as word,
            ${true}::boolean as yes, ${1.25}::float8 as fraction, ${null}::text as nothing, ${undefined}::text as missing,
            ${"it's $1"}::text as text, ${[1n, big]}::int8[] as bigs, ${[]}::text[] as none, ${[null, 'x']}::text[] as gap`),
      )
      t.strictSame(row, {
        at,
        big,
        bytes,
        texts,
        object: { a: [1, 'ü'] },
        list: [1, 'two'],
        word: 'word',
        yes: true,
        fraction: 1.25,
        nothing: null,
        missing: null,
        text: "it's $1",
        bigs: [1n, big],
        none: [],
        gap: [null, 'x'],
      })
    },
  },
]
