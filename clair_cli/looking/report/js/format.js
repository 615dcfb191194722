// Values of a metric in words.

// Enough digits to tell neighbours apart.
export function format(value) {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-GB");
  return String(Number(value.toPrecision(3)));
}

// A pair's own value: as many digits for each pair, so that columns of them can be read.
export function formatValue({ name, isShare }, value) {
  if (isShare) return value.toFixed(3);
  return name === "length_ratio" ? `×${value.toFixed(2)}` : format(value);
}

export function formatRange(metric, range) {
  if (!Array.isArray(range)) {
    const high = range.high === Infinity ? "" : ` to ${format(range.high)}`;
    return `${metric.title} ${format(range.low)}${high || " or more"}`;
  }
  const { edges, isShare } = metric;
  const above = range[1] === edges.length - 1 ? (isShare ? 1 : null) : edges[range[1] + 1];
  return `${metric.title} ${format(edges[range[0]])}${above === null ? " or more" : ` to ${format(above)}`}`;
}
