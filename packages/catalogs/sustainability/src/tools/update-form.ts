import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Sustainability } from '../domain.ts'
import { announce, FormUpdated } from '../events.ts'
import { nothingToUpdate, unknownForm } from '../failures.ts'
import { insertElements, listElements, retireElements, updateForm as update, updateElements } from '../forms.store.ts'
import { changedElement, ELEMENTS_MAX, judgeElements } from '../judge-elements.ts'
import { need } from '../require.ts'
import { formOutcome } from '../shapes.ts'
import { formStatus, id, text, words } from '../vocabulary.ts'

export const updateForm = defineTool<Sustainability>()({
  name: 'update_form',
  title: 'Update a form',
  description:
    'Change a form; what is left out stays. Returns the IDs of its elements. Not for adding one (create_form).',
  scopes: ['azalt:write:forms'],
  permissions: ['forms:write'],
  effect: 'writes',
  input: z.strictObject({
    formId: id.describe('From list_forms.'),
    name: words(200).optional(),
    description: text(4_000).optional(),
    status: formStatus.optional(),
    elements: z
      .array(changedElement)
      .max(ELEMENTS_MAX)
      .optional()
      .describe('All in order; those left out leave the form.'),
  }),
  output: formOutcome,
  async run({ formId, elements, ...to }, { transact, ...call }) {
    if (elements === undefined && Object.values(to).every((value) => value === undefined)) {
      throw nothingToUpdate('name, description, status, elements')
    }
    return transact(async (tx) => {
      // First of all: whoever changes the form holds it, so its elements are what they were judged to be.
      const form = await need(formId, (id) => update(tx, id, to, call.now), unknownForm)
      if (elements !== undefined) {
        const { kept, added } = judgeElements(elements, await listElements(tx, formId))
        await retireElements(
          tx,
          formId,
          kept.map((row) => row.id),
          call.now,
        )
        await updateElements(tx, formId, kept)
        await insertElements(tx, formId, added)
      }
      await announce(tx, call, FormUpdated, { formId, by: call.principal.subject })
      return { formId, status: form.status, elementIds: (await listElements(tx, formId)).map((row) => row.id) }
    })
  },
})
