// What is chosen, in words, and as buttons that take it back.

import { make, told } from "./dom.js";

// Enough digits to tell neighbours apart.
export function format(value) {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-GB");
  return String(Number(value.toPrecision(3)));
}

// A pair's own value: as many digits for each pair, so that columns of them can be read.
export function formatValue({ name, isShare }, value) {
  if (isShare) return value.toFixed(3);
  return name === "length_ratio" ? `×${value.toFixed(2)}` : format(value);
}

export function formatRange(metric, range) {
  if (!Array.isArray(range)) {
    const high = range.high === Infinity ? "" : ` to ${format(range.high)}`;
    return `${metric.title} ${format(range.low)}${high || " or more"}`;
  }
  const { edges, isShare } = metric;
  const above = range[1] === edges.length - 1 ? (isShare ? 1 : null) : edges[range[1] + 1];
  return `${metric.title} ${format(edges[range[0]])}${above === null ? " or more" : ` to ${format(above)}`}`;
}

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
