// How the values of a metric are cut into bins.

const BINS = 20;

// The edges of the bins, ascending; the last bin has no upper end.
export function edgesOf(name, column) {
  if (["similarity", "jaccard", "kept"].includes(name)) return steps(0, 1 / BINS, BINS);
  const ordered = Float32Array.from(column).sort();
  const at = (share) => ordered[Math.floor(share * (ordered.length - 1))];
  const least = name === "length_ratio" ? at(0.01) : 0;
  const width = roundWidth((at(0.99) - least) / (BINS - 2) || 1 / BINS, name !== "length_ratio");
  return steps(Math.floor(least / width) * width, width, BINS);
}

function steps(start, width, number) {
  return Array.from({ length: number }, (_, step) => Number((start + step * width).toPrecision(9)));
}

// A width that people count in: 1, 2, 2.5 or 5 times a power of ten, at least as wide as asked.
function roundWidth(width, whole) {
  const power = 10 ** Math.floor(Math.log10(width));
  const found = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= width * 0.999);
  return whole ? Math.max(1, Math.ceil(found)) : found;
}

// The number of the bin that each value is in; what lies before the first edge is in the first.
export function binsOf(column, edges) {
  const width = edges[1] - edges[0];
  return Uint8Array.from(column, (value) => {
    const near = Math.floor((value - edges[0]) / width + 1e-4);
    return Math.min(Math.max(near, 0), edges.length - 1);
  });
}
