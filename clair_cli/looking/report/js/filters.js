// What is chosen, in words, and as buttons that take it back.

import { make, told } from "./dom.js";
import { formatRange } from "./format.js";

// `clear` is called with the name of what is taken back, or "" for all.
export function showFilters(list, metrics, chosen, query, clear) {
  const named = metrics.filter((each) => chosen.ranges.has(each.name));
  const items = named.map((each) => [each.name, formatRange(each, chosen.ranges.get(each.name))]);
  if (query) items.push(["search", `Found: ${query}`]);
  const buttons = items.map(([name, words]) => item(told(words), `Take back: ${words}`, () => clear(name)));
  if (items.length > 1) buttons.push(item("Show all", "Take back all filters", () => clear(""), "all-filters"));
  list.replaceChildren(...buttons);
}

function item(words, label, action, kind = "") {
  const button = make("button", { type: "button", class: kind, "aria-label": label }, make("bdi", {}, words));
  if (!kind) button.append(make("span", { "aria-hidden": "true" }, " ×"));
  button.addEventListener("click", action);
  return make("li", {}, button);
}
