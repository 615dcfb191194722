// Two texts -> the stretches that stayed, went and came, word by word.
//
// Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the greedy variant with its
// trace kept. Past MOST_EDITS what lies between the common ends is told as replaced as a whole.

import { wordsOf } from "./words.js";

const MOST_EDITS = 2000;

// [kind, text] in reading order; kinds are "same", "gone" and "new".
export function wordDiff(oldText, newText) {
  const [before, after] = [wordsOf(oldText), wordsOf(newText)];
  const head = commonHead(before, after);
  const tail = commonTail(before, after, head);
  const [from, to] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  const middle = edits(from, to);
  const parts = [
    ["same", before.slice(0, head).join("")],
    ...(middle ?? [["gone", from.join("")], ["new", to.join("")]]),
    ["same", before.slice(before.length - tail).join("")],
  ];
  return { parts: readable(joined(parts)), isWhole: middle !== null };
}

function commonHead(before, after) {
  let length = 0;
  while (length < before.length && length < after.length && before[length] === after[length]) length += 1;
  return length;
}

function commonTail(before, after, head) {
  const most = Math.min(before.length, after.length) - head;
  let length = 0;
  while (length < most && before.at(-1 - length) === after.at(-1 - length)) length += 1;
  return length;
}

function edits(from, to) {
  const trace = [];
  const most = Math.min(from.length + to.length, MOST_EDITS);
  let reached = null;
  for (let distance = 0; distance <= most; distance += 1) {
    // At k + distance + 2 stands how far along `from` diagonal k got.
    const next = new Int32Array(2 * distance + 5);
    for (let k = -distance; k <= distance; k += 2) {
      let x = furthest(reached, k, distance);
      while (x < from.length && x - k < to.length && from[x] === to[x - k]) x += 1;
      next[k + distance + 2] = x;
      if (x >= from.length && x - k >= to.length) return walkedBack(trace, from, to, distance);
    }
    trace.push(next);
    reached = next;
  }
  return null;
}

// Where diagonal k begins at this distance, by the diagonals beside it at the one before.
function furthest(reached, k, distance) {
  if (distance === 0) return 0;
  const [below, above] = [reached[k + distance], reached[k + distance + 2]];
  return comesDown(k, distance, below, above) ? above : below + 1;
}

const comesDown = (k, distance, below, above) =>
  k === -distance || (k !== distance && below < above);

function walkedBack(trace, from, to, distance) {
  const parts = [];
  let [x, y] = [from.length, to.length];
  for (let d = distance; d > 0; d -= 1) {
    const k = x - y;
    const [below, above] = [trace[d - 1][k + d], trace[d - 1][k + d + 2]];
    const down = comesDown(k, d, below, above);
    const start = down ? above : below + 1;
    while (x > start) parts.push(["same", from[(x -= 1, y -= 1, x)]]);
    if (down) parts.push(["new", to[y -= 1]]);
    else parts.push(["gone", from[x -= 1]]);
  }
  while (x > 0) parts.push(["same", from[x -= 1]]);
  return parts.reverse();
}

// Neighbours of one kind in one, and of a change first what went, then what came.
function joined(parts) {
  const whole = [];
  let change = { gone: "", new: "" };
  const settle = () => {
    for (const kind of ["gone", "new"]) if (change[kind]) whole.push([kind, change[kind]]);
    change = { gone: "", new: "" };
  };
  for (const [kind, text] of parts) {
    if (!text) continue;
    if (kind !== "same") {
      change[kind] += text;
      continue;
    }
    settle();
    if (whole.at(-1)?.[0] === "same") whole.at(-1)[1] += text;
    else whole.push([kind, text]);
  }
  settle();
  return whole;
}

// A blank that stayed between two words that did not reads better as part of the change.
function readable(parts) {
  const bridged = parts.flatMap(([kind, text], place) => {
    const between = [place - 1, place + 1].every((beside) => parts[beside] && parts[beside][0] !== "same");
    const isBridge = kind === "same" && between && /^[^\S\n]+$/.test(text);
    return isBridge ? [["gone", text], ["new", text]] : [[kind, text]];
  });
  return joined(bridged);
}
