// One pair: what was asked, both answers as a word diff, why, and the metrics.

import { isolated, make, told } from "./dom.js";
import { wordDiff } from "./diff.js";
import { formatValue } from "./filters.js";

const LONG_PROMPT = 1200;

export function showPair(article, pair, { metrics, index, sides, view, file, steps }) {
  const diff = wordDiff(pair.rejected, pair.chosen);
  article.replaceChildren(
    heading(pair, steps),
    figures(metrics, index),
    prompt(pair.prompt),
    make("h4", {}, view === "side" ? "Both answers" : `Rejected → chosen`),
    view === "side" ? sideBySide(diff.parts, sides) : inline(diff.parts),
    ...(diff.isWhole ? [] : [make("p", { class: "hint" }, "These two differ too much for a word diff.")]),
    ...pair.between.flatMap((said) => [make("h4", {}, "Between the two"), make("div", { class: "text" }, isolated(said))]),
    ...(pair.rationale ? [make("h4", {}, "Rationale"), make("div", { class: "text rationale" }, isolated(pair.rationale))] : []),
    further(pair, file),
  );
}

function heading(pair, { place, total, go, back }) {
  const button = (label, words, to, on) => {
    const made = make("button", { type: "button", "aria-label": label, disabled: !on }, words);
    made.addEventListener("click", to);
    return made;
  };
  const whole = button("Back to the list", "← List", back, true);
  whole.classList.add("back");
  return make(
    "header", {},
    make("h3", {}, isolated(pair.id)),
    make(
      "div", { class: "steps" }, whole,
      make("span", {}, place < 0 ? "" : `${(place + 1).toLocaleString("en-GB")} of ${total.toLocaleString("en-GB")}`),
      button("Previous pair", "↑", () => go(place - 1), place > 0),
      button("Next pair", "↓", () => go(place + 1), place >= 0 && place < total - 1),
    ),
  );
}

function figures(metrics, index) {
  const items = metrics.map((each) =>
    make("div", { title: each.says }, make("dt", {}, each.title), make("dd", {}, formatValue(each, each.column[index]))));
  return make("dl", { class: "figures" }, ...items);
}

function prompt(turns) {
  const parts = turns.map(([role, said]) =>
    make("div", { class: "turn" },
      ...(turns.length > 1 ? [make("span", { class: "role" }, isolated(role))] : []),
      make("div", { class: "text" }, isolated(said))));
  const long = turns.reduce((size, [, said]) => size + said.length, 0) > LONG_PROMPT;
  const summary = make("summary", {}, "Prompt");
  return make("details", { class: "prompt", open: !long }, summary, ...parts);
}

const TAGS = { same: "span", gone: "del", new: "ins" };

function stretch([kind, text]) {
  return make(TAGS[kind], {}, told(text));
}

function inline(parts) {
  return make("div", { class: "text diff" }, make("bdi", { dir: "auto" }, ...parts.map(stretch)));
}

// Two columns, cut into rows where both have a line end in common: what belongs together stays level.
function sideBySide(parts, sides) {
  const grid = make("div", { class: "sides" }, ...sides.map((side) => make("h5", {}, side)));
  for (const [left, right] of rowsOf(parts)) {
    grid.append(side(left), side(right));
  }
  return grid;
}

const side = (parts) => make("div", { class: "text diff" }, make("bdi", { dir: "auto" }, ...parts.map(stretch)));

function rowsOf(parts) {
  const rows = [[[], []]];
  for (const [kind, text] of parts) {
    if (kind === "gone") rows.at(-1)[0].push([kind, text]);
    else if (kind === "new") rows.at(-1)[1].push([kind, text]);
    else {
      const [first, ...others] = text.split(/(?<=\n)/);
      for (const [place, piece] of [first, ...others].entries()) {
        if (place && piece) rows.push([[], []]);
        for (const column of rows.at(-1)) column.push([kind, piece]);
      }
      if (text.endsWith("\n")) rows.push([[], []]);
    }
  }
  return rows.filter(([left, right]) => left.length || right.length);
}

function further(pair, file) {
  const known = [["Model", pair.model], ...Object.entries(pair.extra), ["File", file]];
  const items = known.filter(([, value]) => value).map(([name, value]) =>
    make("div", {}, make("dt", {}, isolated(name)), make("dd", {}, isolated(value))));
  return make("dl", { class: "further" }, ...items);
}
