// A search through the texts of all pairs, chunk by chunk, so that the page stays alive.

import { chunkOnce } from "./pairs.js";

// Calls `progress(share, found)` as it goes; `found` has 1 for each pair that has the words. Ends
// early where `isOver()`.
export async function search(pairs, query, progress, isOver) {
  const found = new Uint8Array(pairs.total);
  const wanted = query.toLowerCase();
  let told = performance.now();
  for (let number = 0; number < pairs.starts.length; number += 1) {
    const texts = await chunkOnce(pairs, number);
    if (isOver()) return;
    texts.forEach((pair, place) => {
      if (has(pair, wanted)) found[pairs.starts[number] + place] = 1;
    });
    if (performance.now() - told > 250) {
      progress((number + 1) / pairs.starts.length, found);
      told = performance.now();
    }
  }
  progress(1, found);
}

function has(pair, wanted) {
  const says = (text) => text.toLowerCase().includes(wanted);
  return says(pair.id) || says(pair.chosen) || says(pair.rejected) || pair.prompt.some(([, said]) => says(said));
}
