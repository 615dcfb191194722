// Both answers of a pair as a word diff: inline, or side by side.

import { make, told } from "./dom.js";

const TAGS = { same: "span", gone: "del", new: "ins" };
const KINDS = Object.keys(TAGS);

export function wordDiff(pair, view, sides) {
  return view === "side" ? sideBySide(partsOf(pair), sides) : column(partsOf(pair));
}

// [kind, text] in reading order. `diff` has the lengths of what stays, goes and comes, and again.
function partsOf({ rejected, chosen, diff }) {
  let [old, now] = [0, 0];
  const parts = diff.map((length, place) => {
    const kind = KINDS[place % KINDS.length];
    const text = kind === "new" ? chosen.slice(now, now + length) : rejected.slice(old, old + length);
    if (kind !== "new") old += length;
    if (kind !== "gone") now += length;
    return [kind, text];
  });
  return parts.filter(([, text]) => text);
}

function column(parts) {
  const shown = parts.map(([kind, text]) => make(TAGS[kind], {}, told(text)));
  return make("div", { class: "text diff" }, make("bdi", { dir: "auto" }, ...shown));
}

// Two columns, cut into rows where both have a line end in common: what belongs together stays level.
function sideBySide(parts, sides) {
  const cells = rowsOf(parts).flatMap((row) => row.map(column));
  return make("div", { class: "sides" }, ...sides.map((side) => make("h5", {}, side)), ...cells);
}

function rowsOf(parts) {
  const rows = [[[], []]];
  for (const [kind, text] of parts) {
    if (kind === "gone") rows.at(-1)[0].push([kind, text]);
    else if (kind === "new") rows.at(-1)[1].push([kind, text]);
    else {
      for (const line of text.split(/(?<=\n)/)) {
        for (const side of rows.at(-1)) side.push([kind, line]);
        if (line.endsWith("\n")) rows.push([[], []]);
      }
    }
  }
  return rows.filter(([left, right]) => left.length || right.length);
}
