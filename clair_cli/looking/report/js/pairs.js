// The pairs of the page: numbers of all of them, and texts by chunk when they are needed. They are
// the base64 of gzip, in elements that the browser does not run.

import { find } from "./dom.js";

const KEPT_CHUNKS = 48;

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

// The page goes on arriving while this runs: an element may not be there yet.
async function arrived(id) {
  if (!find(id) && document.readyState === "loading") {
    await new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));
  }
  return find(id);
}

async function inflated(id) {
  const element = await arrived(id);
  const packed = new Blob([bytesOf(element.textContent)]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("gzip")));
}

const inflateText = async (id) => (await inflated(id)).text();
const inflateJson = async (id) => JSON.parse(await inflateText(id));
const inflateBytes = async (id) => (await inflated(id)).arrayBuffer();

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
function chunkOf(pairs, index) {
  let [low, high] = [0, pairs.starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pairs.starts[middle] <= index) low = middle;
    else high = middle - 1;
  }
  return low;
}

// The texts of a chunk; the ones used last are kept.
function chunkAt(pairs, number) {
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
