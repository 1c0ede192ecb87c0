/** Whose tenants are probed for; each is given an equal share of the probes. */
export const PROFILES = ['align', 'azalt', 'audigyd', 'orgonaut']
