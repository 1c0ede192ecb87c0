import { test } from 'tap'
import { InsideTransactionError, insideTransaction, refuseInsideTransaction } from './transaction-scope.ts'

test('what must not happen in a transaction is refused there, at any depth, and names both', async (t) => {
  await insideTransaction('tenant acme', async () => {
    await Promise.resolve()
    const nested = async () => refuseInsideTransaction('publishing')
    await t.rejects(nested(), { constructor: InsideTransactionError, message: /publishing.*"tenant acme"/ })
  })
})

test('before, after and beside a transaction nothing is refused', async (t) => {
  const beside = Promise.resolve().then(() => refuseInsideTransaction('publishing'))
  refuseInsideTransaction('publishing')
  await insideTransaction('tenant acme', async () => beside)
  await insideTransaction('broken', async () => {
    throw new Error('rolled back')
  }).catch(() => {})
  t.doesNotThrow(() => refuseInsideTransaction('publishing'))
})

test('a transaction that ends does not open the doors of another that goes on', async (t) => {
  let end: () => void = () => undefined
  const other = new Promise<void>((resolve) => {
    end = resolve
  })
  const long = insideTransaction('long', async () => {
    await other
    t.throws(() => refuseInsideTransaction('publishing'), InsideTransactionError)
  })
  await insideTransaction('short', async () => undefined)
  end()
  await long
  await insideTransaction('later', async () => {
    t.throws(() => refuseInsideTransaction('publishing'), InsideTransactionError)
  })
})
