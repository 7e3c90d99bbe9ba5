import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/**
 * Spans of our own at three doors (a request, a job, a call to Pipedrive) and no instrumentation of libraries: those
 * write addresses, SQL and headers into spans, and a trace must not hold what a log may not. See
 * docs/decisions/0025-spans-of-our-own.md.
 *
 * Without an endpoint nothing of OpenTelemetry is loaded but its API, whose spans then do nothing.
 */
export interface TracingSettings {
  /** Like http://collector:4318. */
  endpoint: string;
  /** Sent with every export, like an API key of the collector. */
  headers: Record<string, string>;
}

/** Starts exporting spans of this process; the answer sends what is left and stops. Without settings tracing is off. */
export async function startTracing(
  service: string,
  settings: TracingSettings | undefined,
): Promise<{ stop(): Promise<void> }> {
  if (settings === undefined) return { stop: async () => {} };
  const [{ NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const exporter = new OTLPTraceExporter({
    url: `${settings.endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: settings.headers,
    timeoutMillis: 3_000,
  });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': `octopipe-${service}` }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  provider.register();
  return {
    // A collector that is away costs spans, never the shutdown.
    stop: () => provider.shutdown().catch(() => {}),
  };
}

export const spanKinds = { request: SpanKind.SERVER, job: SpanKind.CONSUMER, call: SpanKind.CLIENT } as const;

/** Does the work inside a span. An error ends it as failed, by its name alone: messages may quote contents. */
export function inSpan<T>(
  name: string,
  kind: keyof typeof spanKinds,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return trace
    .getTracer('octopipe')
    .startActiveSpan(name, { kind: spanKinds[kind], attributes }, async (span) => {
      try {
        return await work(span);
      } catch (error) {
        span.setStatus({
          code: SpanStatusCode.ERROR,
          message: error instanceof Error ? error.name : 'error',
        });
        throw error;
      } finally {
        span.end();
      }
    });
}

/** Binds log lines to the trace they belong to; nothing when tracing is off. */
export function traceBindings(span: Span): { traceId?: string } {
  return span.isRecording() ? { traceId: span.spanContext().traceId } : {};
}
