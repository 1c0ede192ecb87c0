import { test } from 'tap'
import { isLoopback, isPublic } from './ranges.ts'

const REFUSED = [
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:93.184.216.34',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::93.184.216.34',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:0:7f00:1::',
  '2001:20::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a00:1::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  '2606:4700::1%eth0',
  'fec0::1',
  'ff02::1',
  // Not addresses in their usual form: whoever gives them to us has not looked a name up.
  '0177.0.0.1',
  '0x7f.0.0.1',
  '2130706433',
  '127.1',
  '93.184.216.34 ',
  '93.184.216.034',
  'localhost',
  '',
]

test('special-use addresses of every class, and what is no address, are not public [A-CI-10]', async (t) => {
  for (const address of REFUSED) t.equal(isPublic(address), false, address)
  for (const address of ['93.184.216.34', '1.1.1.1', '100.63.255.255', '100.128.0.1', '172.32.0.1', '2606:4700::1111'])
    t.equal(isPublic(address), true, address)
})

test('loopback is what stays on this machine', async (t) => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1']) t.equal(isLoopback(address), true, address)
  for (const address of ['0.0.0.0', '10.0.0.1', '::', 'localhost']) t.equal(isLoopback(address), false, address)
})
