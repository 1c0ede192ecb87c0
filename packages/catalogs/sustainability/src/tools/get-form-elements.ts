import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { listElements } from '../forms.store.ts'
import { needForm } from '../require.ts'
import { elementFacts, formFacts, toElement, toForm } from '../shapes.ts'
import { id } from '../vocabulary.ts'

export const getFormElements = defineTool<Sustainability>()({
  name: 'get_form_elements',
  title: 'Get the elements of a form',
  description:
    'The questions of a form in their order. Returns the form and its elements. Not for answers (get_submission_values).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({ formId: id }),
  output: z.object({ form: formFacts, elements: z.array(elementFacts) }),
  run: ({ formId }, { transact }) =>
    transact(async (tx) => {
      const form = await needForm(tx, formId)
      return { form: toForm(form), elements: (await listElements(tx, formId)).map(toElement) }
    }),
})
