import { BlockList, isIP } from 'node:net'

/**
 * Addresses that lead elsewhere than to a public host: the registries of special-purpose addresses (RFC 6890 and IANA's lists), and
 * addresses outside of them at which clouds answer their guests.
 */
const SPECIAL_V4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // shared by a carrier (CGNAT)
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // Azure's host
  '169.254.0.0/16', // link-local, metadata services of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
]

/** Of IPv6 only this is given to public hosts: no loopback, IPv4-mapped, NAT64, unique local, link-local or multicast address is in it. */
const GLOBAL_V6 = ['2000::/3']

const SPECIAL_V6 = [
  '2001::/23', // protocol assignments: Teredo, ORCHID, benchmarks
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which carries an IPv4 address
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
]

const LOOPBACK = ['127.0.0.0/8', '::1/128']

const special = listOf([...SPECIAL_V4, ...SPECIAL_V6])
const global = listOf(GLOBAL_V6)
const loopback = listOf(LOOPBACK)

/** Whether an IP address, in its usual form, belongs to a host on the open internet. What is no address is not public. */
export function isPublic(address: string): boolean {
  const family = familyOf(address)
  if (family === undefined || special.check(address, family)) return false
  return family === 'ipv4' || global.check(address, family)
}

export function isLoopback(address: string): boolean {
  const family = familyOf(address)
  return family !== undefined && loopback.check(address, family)
}

/** A zone (`%eth0`) names an interface of this machine. */
function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = address.includes('%') ? 0 : isIP(address)
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6'
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', bits = ''] = range.split('/')
    list.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}
