import { z } from 'zod'

export const actionName = z.enum(['move_unit', 'change_placement', 'change_cost', 'add_unit', 'close_unit'])
export type ActionName = z.infer<typeof actionName>
