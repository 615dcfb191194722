// The page put together: one state, and what is shown of it.

import { find, make } from "./dom.js";
import { showPair } from "./detail.js";
import { showFilters } from "./filters.js";
import { histogram, paint } from "./histogram.js";
import { choose as chooseRow, listOf, setOrder } from "./list.js";
import { loadPairs, pairAt } from "./pairs.js";
import { draw, scatter } from "./scatter.js";
import { search } from "./search.js";
import { binsOf, nothingChosen, select } from "./selection.js";
import { theme } from "./theme.js";

// Milliseconds from the last key to the search, and between two looks at what it found so far.
const PAUSE = 200;
const SHOW_FOUND = 1500;

// The metrics in the order of the page, with their columns and bins.
function metricsOf(pairs) {
  return pairs.histograms.map((metric) => {
    const column = pairs.columns[metric.name];
    const bins = binsOf(column, metric.edges);
    const totals = new Uint32Array(metric.edges.length);
    for (const bin of bins) totals[bin] += 1;
    return { ...metric, column, bins, totals };
  });
}

class Page {
  constructor(pairs) {
    this.pairs = pairs;
    this.metrics = metricsOf(pairs);
    this.chosen = nothingChosen();
    this.query = "";
    this.searches = 0;
    this.current = -1;
    this.view = "inline";
    this.histograms = this.metrics.map((each) => histogram(each, (...how) => this.chooseBar(...how)));
    find("histograms").append(...this.histograms.map((each) => each.card));
    this.scatter = scatter(find("scatter"), pairs, {
      box: (x, y) => this.chooseBox(x, y),
      open: (index) => this.open(index, true),
    });
    this.list = listOf(find("list"), pairs, (...how) => this.open(...how));
    this.listen();
    this.refresh();
    this.open(this.order[0] ?? 0);
  }

  listen() {
    find("sort").append(...this.metrics.map((each) => make("option", { value: each.name }, each.title)));
    find("sort").addEventListener("change", (event) => this.change({ sort: event.target.value }));
    find("file")?.addEventListener("change", (event) => this.change({ file: event.target.value }));
    find("descending").addEventListener("click", () => this.turn());
    for (const each of document.getElementsByName("view")) {
      each.addEventListener("change", () => { this.view = each.value; this.open(this.current); });
    }
    let waiting = 0;
    find("search").addEventListener("input", (event) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.search(event.target.value.trim()), PAUSE);
    });
  }

  change(part) {
    Object.assign(this.chosen, part);
    this.refresh();
    this.follow();
  }

  // Another filter or order shows its first pair, unless the open one is still among them.
  follow() {
    if (this.list.at < 0 && this.order.length) chooseRow(this.list, 0);
    else this.open(this.current);
  }

  turn() {
    const descending = !this.chosen.descending;
    find("descending").textContent = descending ? "Descending" : "Ascending";
    this.current = -1;
    this.change({ descending });
  }

  chooseBar(metric, bin, further) {
    const ranges = new Map(this.chosen.ranges);
    const now = ranges.get(metric.name);
    if (further && Array.isArray(now)) ranges.set(metric.name, [Math.min(now[0], bin), Math.max(now[1], bin)]);
    else if (Array.isArray(now) && now[0] === bin && now[1] === bin) ranges.delete(metric.name);
    else ranges.set(metric.name, [bin, bin]);
    this.change({ ranges });
  }

  chooseBox(similarity, ratio) {
    const ranges = new Map(this.chosen.ranges).set("similarity", similarity).set("length_ratio", ratio);
    this.change({ ranges });
  }

  clear(name) {
    const ranges = new Map(this.chosen.ranges);
    if (name) ranges.delete(name);
    else ranges.clear();
    if (name !== "search" && name !== "") return this.change({ ranges });
    find("search").value = "";
    this.chosen.ranges = ranges;
    return this.search("");
  }

  async search(query) {
    const number = (this.searches += 1);
    const bar = find("progress");
    this.query = query;
    if (!query) {
      bar.hidden = true;
      this.change({ found: null });
      return;
    }
    bar.value = 0;
    bar.hidden = false;
    let shown = performance.now();
    await search(this.pairs, query, (share, found) => {
      bar.value = share;
      bar.hidden = share === 1;
      if (share < 1 && performance.now() - shown < SHOW_FOUND) return;
      this.change({ found });
      shown = performance.now();
    }, () => number !== this.searches);
  }

  refresh() {
    const { order, counts } = select(this.pairs, this.metrics, this.chosen);
    this.order = order;
    this.histograms.forEach((each, place) => paint(each, counts[place], this.chosen.ranges.get(each.metric.name)));
    Object.assign(this.scatter, { order });
    draw(this.scatter);
    const shown = this.chosen.sort || "similarity";
    setOrder(this.list, order, this.current, this.metrics.find((each) => each.name === shown));
    showFilters(find("filters"), this.metrics, this.chosen, this.query, (name) => this.clear(name));
    find("status").textContent = this.words();
    find("browser").classList.toggle("none", !order.length);
  }

  words() {
    const [some, all] = [this.order.length, this.pairs.total].map((each) => each.toLocaleString("en-GB"));
    if (!this.order.length) return `None of ${all} pairs fits`;
    return some === all ? `${all} ${all === "1" ? "pair" : "pairs"}` : `${some} of ${all} pairs`;
  }

  // Show a pair; `asked` that somebody wants to read it, `focus` that the keyboard goes there too.
  async open(index, asked = false, focus = false) {
    this.current = index;
    this.scatter.current = index;
    draw(this.scatter);
    const place = this.order[this.list.at] === index ? this.list.at : this.order.indexOf(index);
    if (place !== this.list.at && place >= 0) return chooseRow(this.list, place, asked);
    const pair = await pairAt(this.pairs, index);
    if (this.current !== index || !pair) return undefined;
    this.show(pair, index, place);
    find("browser").classList.toggle("reading", asked || find("browser").classList.contains("reading"));
    if (focus || (asked && matchMedia("(max-width: 52rem)").matches)) find("pair").focus();
    return undefined;
  }

  show(pair, index, place) {
    const revised = this.pairs.worsens ? ["Rejected (the revision)", "Chosen (the answer)"] : ["Rejected", "Chosen"];
    showPair(find("pair"), pair, {
      metrics: this.metrics,
      index,
      sides: revised,
      view: this.view,
      file: this.pairs.files[this.pairs.fileOf[index]],
      steps: {
        place,
        total: this.order.length,
        go: (to) => chooseRow(this.list, to, true),
        back: () => { find("browser").classList.remove("reading"); find("list").focus(); },
      },
    });
    if (this.shown !== index) find("pair").scrollTop = 0;
    this.shown = index;
  }

  repaint() {
    draw(this.scatter);
  }
}

async function start() {
  let page = null;
  theme(() => page?.repaint());
  if (!find("about")) return;
  page = new Page(await loadPairs());
  document.documentElement.dataset.ready = "true";
}

start();
