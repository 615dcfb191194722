// A search through the texts of all pairs, chunk by chunk, so that the page stays alive.

import { chunkText } from "./pairs.js";

// Calls `progress(share, found)` after each chunk; `found` has 1 for each pair that has the words.
// Ends early where `isOver()`.
export async function search(pairs, query, progress, isOver) {
  const found = new Uint8Array(pairs.total);
  const wanted = query.toLowerCase();
  const written = JSON.stringify(wanted).slice(1, -1);
  for (let number = 0; number < pairs.starts.length; number += 1) {
    const json = await chunkText(number);
    if (isOver()) return;
    // Most chunks do not have the words at all, and need not be read.
    if (json.toLowerCase().includes(written)) {
      JSON.parse(json).forEach((pair, place) => {
        if (has(pair, wanted)) found[pairs.starts[number] + place] = 1;
      });
    }
    progress((number + 1) / pairs.starts.length, found);
  }
}

function has(pair, wanted) {
  const says = (text) => text.toLowerCase().includes(wanted);
  return says(pair.id) || says(pair.chosen) || says(pair.rejected) || pair.prompt.some(([, said]) => says(said));
}
