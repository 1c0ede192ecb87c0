import fc from 'fast-check'

// Before each file of a run: what is tried at random is the same each time, so that a run that fails fails again. A file that is run by itself,
// and `GATEHOUSE_SEED=random`, try something new; another number tries what it stands for.
const { GATEHOUSE_SEED = '20260728' } = process.env
if (GATEHOUSE_SEED !== 'random') fc.configureGlobal({ seed: Number(GATEHOUSE_SEED) })
