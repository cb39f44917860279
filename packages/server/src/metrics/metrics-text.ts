import type { Counts, Metrics } from './metrics.ts';

/** Metrics in the text format that Prometheus and its kin read. */
export function metricsText(metrics: Metrics): string {
  const { devices } = metrics;
  const lines = [
    gauge('outpost_watermark', metrics.watermark),
    gauge('outpost_log_floor', metrics.logFloor),
    gauge('outpost_log_entries', metrics.logEntries),
    gauge('outpost_devices_behind', devices.filter((one) => one.behind > 0).length),
    gauge('outpost_device_behind_max', Math.max(0, ...devices.map((one) => one.behind))),
    ...counters('outpost_requests_total', ['path', 'status'], metrics.requests),
    ...counters('outpost_rows_sent_total', ['table'], metrics.rowsSent),
    ...counters('outpost_rows_removed_total', ['reason'], metrics.removes),
    ...counters('outpost_checks_total', ['why'], metrics.checks),
    ...counters('outpost_push_results_total', ['status', 'code'], metrics.results),
  ];
  return `${lines.join('\n')}\n`;
}

function gauge(name: string, value: number): string {
  return `# TYPE ${name} gauge\n${name} ${value}`;
}

function counters(name: string, labels: readonly string[], counts: Counts): readonly string[] {
  const lines = Object.entries(counts).map(([key, value]) => {
    const parts = key.split(' ');
    const named = labels.map((label, i) => `${label}="${escaped(parts[i] ?? '')}"`);
    return `${name}{${named.join(',')}} ${value}`;
  });
  return lines.length === 0 ? [] : [`# TYPE ${name} counter`, ...lines];
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
