// The pairs of the page: numbers of all of them, and texts by chunk when they are needed.

import { inflateBytes, inflateJson, inflateText } from "./inflate.js";

const KEPT_CHUNKS = 48;

export async function loadPairs() {
  const about = await inflateJson("about");
  const numbers = new Float32Array(await inflateBytes("numbers"));
  const column = (place) => numbers.subarray(place * about.total, (place + 1) * about.total);
  return {
    ...about,
    columns: Object.fromEntries(about.metrics.map((name, place) => [name, column(place)])),
    fileOf: column(about.metrics.length),
    kept: new Map(),
  };
}

// The number of the chunk that a pair is in.
export function chunkOf(pairs, index) {
  let [low, high] = [0, pairs.starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pairs.starts[middle] <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

// The texts of a chunk; the ones used last are kept.
export function chunkAt(pairs, number) {
  const found = pairs.kept.get(number) ?? inflateJson(`chunk-${number}`);
  pairs.kept.delete(number);
  pairs.kept.set(number, found);
  if (pairs.kept.size > KEPT_CHUNKS) pairs.kept.delete(pairs.kept.keys().next().value);
  return found;
}

export async function pairAt(pairs, index) {
  const number = chunkOf(pairs, index);
  return (await chunkAt(pairs, number))[index - pairs.starts[number]];
}

// The JSON of a chunk for one look: a search through all does not push out what is shown.
export const chunkText = (number) => inflateText(`chunk-${number}`);
