import { contents, defineResource } from '@gatehouse/catalog'
import type { Fixtures } from './domain.ts'
import { SCOPES } from './fixture.ts'
import { PNG } from './samples.ts'

const resource = defineResource<Fixtures>()

export const resources = [
  resource({
    name: 'static-text',
    path: 'static-text',
    title: 'Static text',
    description: 'Text that never changes.',
    mimeType: 'text/plain',
    scopes: SCOPES,
    subscribable: false,
    read: async () => 'This is the content of the static text resource.',
  }),
  resource({
    name: 'static-binary',
    path: 'static-binary',
    title: 'Static bytes',
    description: 'A picture that never changes.',
    mimeType: 'image/png',
    scopes: SCOPES,
    subscribable: false,
    read: async () => contents([{ uri: 'test://static-binary', mimeType: 'image/png', blob: PNG }]),
  }),
  resource({
    name: 'watched-resource',
    path: 'watched-resource',
    title: 'Watched resource',
    description: 'To be subscribed to; test_trigger_resource_change changes it.',
    mimeType: 'text/plain',
    scopes: SCOPES,
    subscribable: true,
    read: async () => 'This is the content of the watched resource.',
  }),
  resource({
    name: 'template',
    path: 'template/{id}/data',
    title: 'Data by id',
    description: 'Says which id it was asked for.',
    mimeType: 'application/json',
    scopes: SCOPES,
    subscribable: false,
    complete: { id: async (typed) => ['123', '456'].filter((id) => id.startsWith(typed)) },
    read: async ({ id }) => ({ id, templateTest: true, data: `Data for ID: ${id}` }),
  }),
]
