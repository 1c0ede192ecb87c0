import { test } from 'tap'
import { parseDelivery } from './messages.ts'

const FACTS = { delivery: 2, sequence: 30, consumerSequence: 4, time: new Date(1_700_000_000_123), pending: 5 }

test('a delivery is read from the acknowledgement subject of old and new servers', async (t) => {
  t.same(parseDelivery('$JS.ACK.S.C.2.30.4.1700000000123456789.5'), FACTS)
  t.same(parseDelivery('$JS.ACK.hub.ACCOUNT.S.C.2.30.4.1700000000123456789.5.rAnD'), FACTS)
  t.same(parseDelivery('$JS.ACK._.ACCOUNT.S.C.2.30.4.1700000000123456789.5.rAnD'), FACTS)
})

test('any other subject is no delivery', async (t) => {
  for (const reply of [undefined, '', '_INBOX.a.b', '$JS.FC.S.C.abc', '$JS.ACK.S.C'])
    t.equal(parseDelivery(reply), undefined)
})
