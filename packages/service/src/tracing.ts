import { openTracing, type Tracing } from '@gatehouse/telemetry'
import type { Closing } from './run.ts'

/** The tracing of a service, where its configuration says where traces go. */
export async function tracingOf(
  service: string,
  config: { readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined; readonly OTEL_TRACES_SAMPLER_ARG: number },
  closing: Closing,
): Promise<Tracing | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: ratio } = config
  const tracing = await openTracing({ service, endpoint, ratio })
  return tracing && closing(tracing)
}
