// A histogram of buttons: each bar chooses its pairs, with the mouse or with arrow keys and Enter.

import { make } from "./dom.js";
import { format, formatRange } from "./format.js";

export function histogram(metric, choose) {
  const bars = metric.edges.map((_, bin) => bar(metric, bin));
  const row = make("div", { class: "bars", role: "group", "aria-label": `${metric.title}: ${metric.says}` }, ...bars);
  row.addEventListener("click", (event) => {
    const clicked = bars.indexOf(event.target.closest("button"));
    if (clicked >= 0) choose(metric, clicked, event.shiftKey);
  });
  row.addEventListener("keydown", (event) => walk(event, bars));
  rest(bars, bars[0]);
  const card = make(
    "figure", { class: "card histogram" },
    make("figcaption", {}, make("strong", {}, metric.title), " ", make("span", {}, metric.says)),
    row,
    make("p", { class: "ends", "aria-hidden": "true" },
      make("span", {}, format(metric.edges[0])), make("span", {}, upperEnd(metric))),
  );
  return { card, bars, metric };
}

const upperEnd = ({ edges, isShare }) => (isShare ? "1" : `${format(edges.at(-1))} or more`);

function bar(metric, bin) {
  const all = make("span", { class: "all" });
  const part = make("span", { class: "part" });
  return make("button", { type: "button", tabIndex: -1, "aria-pressed": "false", title: formatRange(metric, [bin, bin]) }, all, part);
}

// Bars high enough to be seen wherever there is a pair; `range` is what is chosen of this metric.
export function paint({ bars, metric }, counts, range) {
  const most = Math.max(...metric.totals);
  bars.forEach((button, bin) => {
    const [all, part] = button.children;
    all.style.height = height(metric.totals[bin], most);
    part.style.height = height(counts[bin], most);
    const chosen = Array.isArray(range) && bin >= range[0] && bin <= range[1];
    button.classList.toggle("out", Boolean(range) && !chosen);
    button.setAttribute("aria-pressed", String(chosen));
    const name = `${formatRange(metric, [bin, bin])}: ${counts[bin].toLocaleString("en-GB")} ${counts[bin] === 1 ? "pair" : "pairs"}`;
    button.setAttribute("aria-label", name);
    button.title = name;
  });
}

const height = (count, most) => (count ? `max(2px, ${(100 * count) / most}%)` : "0");

// One bar of a row is reached by Tab, the others from it.
function rest(bars, current) {
  for (const each of bars) each.tabIndex = each === current ? 0 : -1;
}

function walk(event, bars) {
  const at = bars.indexOf(event.target);
  const places = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: bars.length - 1 };
  const next = bars[places[event.key]];
  if (!next) return;
  event.preventDefault();
  rest(bars, next);
  next.focus();
}
