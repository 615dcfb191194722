// One pair: what was asked, both answers as a word diff, why, and the metrics.

import { isolated, make } from "./dom.js";
import { wordDiff } from "./diff.js";
import { formatValue } from "./format.js";

const LONG_PROMPT = 1200;

export function showPair(article, pair, { metrics, index, sides, view, file, steps }) {
  article.replaceChildren(
    heading(pair, steps),
    figures(metrics, index),
    prompt(pair.prompt),
    make("h4", {}, view === "side" ? "Both answers" : `Rejected → chosen`),
    wordDiff(pair, view, sides),
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

function further(pair, file) {
  const known = [["Model", pair.model], ...Object.entries(pair.extra), ["File", file]];
  const items = known.filter(([, value]) => value).map(([name, value]) =>
    make("div", {}, make("dt", {}, isolated(name)), make("dd", {}, isolated(value))));
  return make("dl", { class: "further" }, ...items);
}
