import { defineTool, newId } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { announce, FormCreated } from '../events.ts'
import { insertElements, insertForm } from '../forms.store.ts'
import { ELEMENTS_MAX, element, judgeElements } from '../judge-elements.ts'
import { formOutcome } from '../shapes.ts'
import { formStatus, text, words } from '../vocabulary.ts'

export const createForm = defineTool<Sustainability>()({
  name: 'create_form',
  title: 'Create a form',
  description:
    'Make a questionnaire with its elements. Returns its ID and those of its elements. ' +
    'Look in list_forms first. Not for changing one (update_form).',
  scopes: ['azalt:write:forms'],
  permissions: ['forms:write'],
  effect: 'writes',
  input: z.strictObject({
    name: words(200),
    description: text(4_000).default(''),
    status: formStatus.default('draft'),
    elements: z.array(element).max(ELEMENTS_MAX).default([]).describe('Questions in order.'),
  }),
  output: formOutcome,
  async run({ name, description, status, elements }, { transact, ...call }) {
    const { added } = judgeElements(elements, [])
    const id = newId('frm')
    const by = call.principal.subject
    return transact(async (tx) => {
      await insertForm(tx, { id, name, description, status, by }, call.now)
      await insertElements(tx, id, added)
      await announce(tx, call, FormCreated, { formId: id, by })
      return { formId: id, status, elementIds: added.map((row) => row.id) }
    })
  },
})
