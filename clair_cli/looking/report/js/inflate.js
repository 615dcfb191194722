// base64 of gzip -> bytes, in elements that the browser does not run.

import { find } from "./dom.js";

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

export const inflateText = async (id) => (await inflated(id)).text();
export const inflateJson = async (id) => JSON.parse(await inflateText(id));
export const inflateBytes = async (id) => (await inflated(id)).arrayBuffer();
