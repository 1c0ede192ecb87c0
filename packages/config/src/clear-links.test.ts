import { test } from 'tap'
import { linksInTheClear } from './clear-links.ts'

const ENCRYPTED = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://auth:x@db.example/gatehouse?sslmode=verify-full',
  DATABASE_OWNER_URL: 'postgresql://owner:x@db.example/gatehouse?sslmode=require',
  REDIS_URL: 'rediss://:x@kv.example:6379',
  NATS_URL: 'tls://auth:x@a.example:4222, tls://auth:x@b.example:4222',
  AUTH_INTERNAL_URL: 'https://auth.example',
}
const toldOf = (change: Readonly<Record<string, unknown>>) =>
  linksInTheClear({ ...ENCRYPTED, ...change }).map((sentence) => sentence.split(' ', 1)[0])

test('a start in production tells of each link on which credentials would go to another machine in the clear [A-TP-04]', async (t) => {
  t.same(toldOf({}), [])
  for (const [name, value] of [
    ['DATABASE_URL', 'postgres://auth:x@db.example/gatehouse'],
    ['DATABASE_URL', 'postgres://auth:x@db/gatehouse?sslmode=prefer'],
    ['DATABASE_URL', 'postgres://auth:x@10.0.0.7/gatehouse?sslmode=disable'],
    ['DATABASE_OWNER_URL', 'postgres://owner:x@[2001:db8::7]/gatehouse?sslmode=no-verify'],
    ['REDIS_URL', 'redis://:x@kv.example:6379'],
    ['REDIS_URL', 'redis://:x@localhost.example:6379'],
    ['NATS_URL', 'tls://auth:x@a.example:4222,nats://auth:x@b.example:4222'],
    ['AUTH_INTERNAL_URL', 'http://gatehouse-auth:4001'],
  ] as const) {
    t.same(toldOf({ [name]: value }), [name], value)
    t.notMatch(linksInTheClear({ ...ENCRYPTED, [name]: value }).join(), /:x@/, 'without the password')
    t.same(toldOf({ [name]: value, NODE_ENV: undefined }), [], 'elsewhere than in production nobody is told')
    t.same(toldOf({ [name]: value, GATEHOUSE_ALLOW_CLEAR_LINKS: true }), [], 'nor where it is meant')
  }
})

test('what stays on this machine, is embedded or is not there is no link', async (t) => {
  for (const [name, value] of [
    ['DATABASE_URL', 'postgres://auth:x@localhost:5432/gatehouse'],
    ['DATABASE_URL', 'postgres://auth:x@/gatehouse?host=/var/run/postgresql'],
    ['DATABASE_URL', 'pglite:.gatehouse/auth'],
    ['REDIS_URL', 'redis://127.0.0.1:6379'],
    ['NATS_URL', 'nats://auth:x@[::1]:4222'],
    ['AUTH_INTERNAL_URL', undefined],
  ] as const) {
    t.same(toldOf({ [name]: value }), [], String(value))
  }
})
