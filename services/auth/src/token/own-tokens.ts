import type { JWK } from 'jose'
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Signer } from '../keys/signer.ts'
