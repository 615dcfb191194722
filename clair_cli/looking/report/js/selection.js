// Which pairs are shown, in which order.

// What is chosen: `ranges` has [first bin, last bin] or {low, high} by metric.
export const nothingChosen = () => ({
  ranges: new Map(), file: "", found: null, sort: "", descending: false,
});

function test(metric, range) {
  const { column, bins } = metric;
  if (Array.isArray(range)) return (index) => bins[index] >= range[0] && bins[index] <= range[1];
  return (index) => column[index] >= range.low && column[index] <= range.high;
}

// The pairs that pass, in order; and for each metric, how many pass all that is asked of the others,
// bin by bin: a histogram goes on showing what choosing another of its bars would bring.
export function select(pairs, metrics, chosen) {
  const asked = metrics.map((each) => chosen.ranges.has(each.name) && test(each, chosen.ranges.get(each.name)));
  const counts = metrics.map((each) => new Uint32Array(each.edges.length));
  const file = chosen.file === "" ? null : Number(chosen.file);
  const passing = [];
  for (let index = 0; index < pairs.total; index += 1) {
    if (chosen.found && !chosen.found[index]) continue;
    if (file !== null && pairs.fileOf[index] !== file) continue;
    const failing = asked.reduce((n, passes) => n + (passes && !passes(index) ? 1 : 0), 0);
    if (failing === 0) passing.push(index);
    if (failing > 1) continue;
    for (let place = 0; place < metrics.length; place += 1) {
      const counted = failing === 0 || (asked[place] && !asked[place](index));
      if (counted) counts[place][metrics[place].bins[index]] += 1;
    }
  }
  return { order: sorted(passing, pairs.columns[chosen.sort], chosen.descending), counts };
}

function sorted(indexes, column, descending) {
  if (column) {
    const sign = descending ? -1 : 1;
    return indexes.sort((one, other) => sign * (column[one] - column[other]) || one - other);
  }
  return descending ? indexes.reverse() : indexes;
}

// The number of the bin that each value is in; what lies before the first edge is in the first.
export function binsOf(column, edges) {
  const width = edges[1] - edges[0];
  return Uint8Array.from(column, (value) => {
    const near = Math.floor((value - edges[0]) / width + 1e-4);
    return Math.min(Math.max(near, 0), edges.length - 1);
  });
}
