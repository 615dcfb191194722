// A list of any length, of which only the rows in view exist.

import { isolated, make } from "./dom.js";
import { formatValue } from "./format.js";
import { pairAt } from "./pairs.js";

const ROW = 64;
const SPARE = 6;
// Browsers end a scrolled box at some 17 million pixels; a longer list is scrolled in proportion.
const TALLEST = 8000000;

export function listOf(box, pairs, open) {
  const inner = make("div", { class: "rows", role: "presentation" });
  box.replaceChildren(inner);
  const list = { box, inner, pairs, open, order: [], at: -1, rows: new Map(), metric: null };
  box.addEventListener("scroll", () => fill(list), { passive: true });
  box.addEventListener("keydown", (event) => walk(list, event));
  box.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) choose(list, Number(row.dataset.place), true);
  });
  new ResizeObserver(() => fill(list)).observe(box);
  return list;
}

const tall = (list) => Math.min(list.order.length * ROW, TALLEST);
const room = (list) => Math.max(1, tall(list) - list.box.clientHeight);
const span = (list) => Math.max(0, list.order.length * ROW - list.box.clientHeight);
// How far down the whole list the top of the box is.
const top = (list) => (list.box.scrollTop / room(list)) * span(list);

export function setOrder(list, order, current, metric) {
  list.order = order;
  list.metric = metric;
  list.at = order.indexOf(current);
  list.rows.clear();
  list.inner.replaceChildren();
  list.inner.style.height = `${tall(list)}px`;
  if (list.at < 0) list.box.scrollTop = 0;
  else reveal(list);
  fill(list);
}

function fill(list) {
  const first = Math.max(0, Math.floor(top(list) / ROW) - SPARE);
  const last = Math.min(list.order.length, Math.ceil((top(list) + list.box.clientHeight) / ROW) + SPARE);
  for (const [place, row] of list.rows) {
    if (place >= first && place < last) continue;
    row.remove();
    list.rows.delete(place);
  }
  for (let place = first; place < last; place += 1) {
    if (!list.rows.has(place)) add(list, place);
    const y = place * ROW - top(list) + list.box.scrollTop;
    list.rows.get(place).style.transform = `translateY(${y}px)`;
  }
  mark(list);
}

function add(list, place) {
  const index = list.order[place];
  const row = make("div", {
    class: "row", role: "option", id: `row-${place}`, "aria-selected": "false",
    "aria-posinset": place + 1, "aria-setsize": list.order.length,
  });
  row.dataset.place = place;
  const bar = make("span", { class: "meter", "aria-hidden": "true" }, make("span"));
  bar.firstChild.style.width = `${100 * list.pairs.columns.similarity[index]}%`;
  const { title, column } = list.metric;
  const figure = make("span", { class: "value", title }, formatValue(list.metric, column[index]));
  const name = make("span", { class: "name" });
  const task = make("span", { class: "task" });
  row.append(name, bar, figure, task);
  list.inner.append(row);
  list.rows.set(place, row);
  pairAt(list.pairs, index).then((pair) => {
    name.append(isolated(pair.id));
    task.append(isolated(snippet(pair)));
  });
}

function snippet(pair) {
  const said = pair.prompt.at(-1)?.[1] ?? pair.rejected;
  return said.slice(0, 400).replace(/\s+/g, " ").slice(0, 160);
}

function mark(list) {
  for (const [place, row] of list.rows) row.setAttribute("aria-selected", String(place === list.at));
  const here = list.rows.has(list.at);
  if (here) list.box.setAttribute("aria-activedescendant", `row-${list.at}`);
  else list.box.removeAttribute("aria-activedescendant");
}

function reveal(list) {
  const [above, below] = [list.at * ROW, (list.at + 1) * ROW - list.box.clientHeight];
  let wanted = top(list);
  if (wanted > above) wanted = above;
  if (wanted < below) wanted = below;
  if (wanted !== top(list)) list.box.scrollTop = (wanted / Math.max(1, span(list))) * room(list);
}

// Go to a place of the list; `asked` tells whether somebody chose just this pair.
export function choose(list, place, asked = false) {
  if (place < 0 || place >= list.order.length) return;
  list.at = place;
  reveal(list);
  fill(list);
  list.open(list.order[place], asked);
}

function walk(list, event) {
  const page = Math.max(1, Math.floor(list.box.clientHeight / ROW) - 1);
  const last = list.order.length - 1;
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -last, End: last };
  if (event.key === "Enter" && list.at >= 0) {
    event.preventDefault();
    list.open(list.order[list.at], true, true);
  } else if (event.key in steps && last >= 0) {
    event.preventDefault();
    choose(list, Math.min(Math.max(list.at + steps[event.key], 0), last));
  }
}
