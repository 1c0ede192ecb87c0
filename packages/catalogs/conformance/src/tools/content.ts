import { reply } from '@gatehouse/catalog'
import { fixture, NOTHING, wait } from '../fixture.ts'
import { image, text, WAV } from '../samples.ts'

/** What a tool can answer with, and what it can tell meanwhile. */
export const contentTools = [
  fixture({
    name: 'test_simple_text',
    description: 'Answers with one block of text.',
    input: NOTHING,
    run: async () => 'This is a simple text response for testing.',
  }),
  fixture({
    name: 'test_image_content',
    description: 'Answers with one picture.',
    input: NOTHING,
    run: async () => [image],
  }),
  fixture({
    name: 'test_audio_content',
    description: 'Answers with one recording.',
    input: NOTHING,
    run: async () => [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }],
  }),
  fixture({
    name: 'test_embedded_resource',
    description: 'Answers with one embedded resource.',
    input: NOTHING,
    run: async () => [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  }),
  fixture({
    name: 'test_multiple_content_types',
    description: 'Answers with text, a picture and a resource.',
    input: NOTHING,
    run: async () => [
      text('Multiple content types test:'),
      image,
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: JSON.stringify({ test: 'data', value: 123 }),
        },
      },
    ],
  }),
  fixture({
    name: 'test_error_handling',
    description: 'Fails, and says so.',
    input: NOTHING,
    run: async () => reply([text('This tool intentionally returns an error for testing')], { isError: true }),
  }),
  fixture({
    name: 'test_tool_with_progress',
    description: 'Tells three times how far it is.',
    input: NOTHING,
    run: async (_input, context) => {
      context.progress(0, 100)
      await wait(50, context)
      context.progress(50, 100)
      await wait(50, context)
      context.progress(100, 100)
      return 'Tool with progress executed successfully'
    },
  }),
  fixture({
    name: 'test_tool_with_logging',
    description: 'Logs three messages.',
    input: NOTHING,
    run: async (_input, context) => {
      context.log('info', 'Tool execution started')
      await wait(50, context)
      context.log('info', 'Tool processing data')
      await wait(50, context)
      context.log('info', 'Tool execution completed')
      return 'Tool with logging executed successfully'
    },
  }),
  fixture({
    name: 'test_reconnection',
    description: 'Lets the connection go before it answers: the client comes back for the answer.',
    input: NOTHING,
    run: async (_input, context) => {
      context.release?.()
      await wait(100, context)
      return 'You came back.'
    },
  }),
  fixture({
    name: 'test_logging_tool',
    description: 'Logs one message; nobody hears it who set no level.',
    input: NOTHING,
    run: async (_input, { log }) => {
      log('info', 'logged for whoever asked')
      return 'Logged.'
    },
  }),
]
