// The scatter of length ratio (upwards, by powers) against similarity, on a canvas. What lies beyond
// an axis is drawn at its end.

const [LEFT, RIGHT, TOP, BOTTOM] = [44, 12, 12, 40];
const CLICK = 5;
const NEAR = 14;
const TICKS = [0.125, 0.25, 0.5, 1, 2, 4, 8];

export function scatter(canvas, pairs, { box, open }) {
  const { similarity: xs, length_ratio: ys } = pairs.columns;
  const [low, high] = pairs.ratios;
  const plot = { canvas, xs, ys, low, high, order: [], shown: null, current: -1, drag: null };
  canvas.addEventListener("pointerdown", (event) => begin(plot, event));
  canvas.addEventListener("pointermove", (event) => move(plot, event));
  canvas.addEventListener("pointerup", (event) => end(plot, event, box, open));
  canvas.addEventListener("pointercancel", () => { plot.drag = null; draw(plot); });
  new ResizeObserver(() => draw(plot)).observe(canvas);
  return plot;
}

function place(plot, x, y) {
  const { clientWidth: width, clientHeight: height } = plot.canvas;
  const share = Math.log(Math.min(Math.max(y, plot.low), plot.high) / plot.low) / Math.log(plot.high / plot.low);
  return [LEFT + x * (width - LEFT - RIGHT), height - BOTTOM - share * (height - TOP - BOTTOM)];
}

function valueAt(plot, px, py) {
  const { clientWidth: width, clientHeight: height } = plot.canvas;
  const share = (height - BOTTOM - py) / (height - TOP - BOTTOM);
  const x = (px - LEFT) / (width - LEFT - RIGHT);
  if (share <= 0) return [x, 0];
  return [x, share >= 1 ? Infinity : plot.low * (plot.high / plot.low) ** share];
}

export function draw(plot) {
  const { canvas } = plot;
  const scale = window.devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * scale;
  canvas.height = canvas.clientHeight * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const colour = (name) => colourOf(canvas, name);
  drawAxes(plot, pen, colour);
  drawPoints(plot, pen, colour);
  if (plot.drag) drawBox(plot, pen, colour);
}

// Canvas knows no light-dark(): the browser resolves it on an element.
function colourOf(canvas, name) {
  canvas.style.color = `var(--${name})`;
  const colour = getComputedStyle(canvas).color;
  canvas.style.color = "";
  return colour;
}

function drawAxes(plot, pen, colour) {
  const { clientWidth: width, clientHeight: height } = plot.canvas;
  pen.font = `12px ${getComputedStyle(plot.canvas).fontFamily}`;
  pen.lineWidth = 1;
  pen.textAlign = "right";
  for (const tick of TICKS.filter((each) => each >= plot.low && each <= plot.high)) {
    const y = Math.round(place(plot, 0, tick)[1]) + 0.5;
    pen.strokeStyle = colour(tick === 1 ? "muted" : "line");
    line(pen, LEFT, y, width - RIGHT, y);
    pen.fillStyle = colour("muted");
    pen.fillText(`×${tick}`, LEFT - 8, y + 4);
  }
  pen.textAlign = "center";
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
    pen.textAlign = tick === 1 ? "right" : tick ? "center" : "left";
    pen.fillText(String(tick), place(plot, tick, 1)[0], height - BOTTOM + 18);
  }
  pen.textAlign = "center";
  pen.fillText("similarity", (LEFT + width - RIGHT) / 2, height - 6);
}

function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

function drawPoints(plot, pen, colour) {
  const crowd = plot.xs.length;
  const size = crowd > 5000 ? 2 : crowd > 800 ? 3 : 4.5;
  if (plot.order.length < crowd) {
    pen.globalAlpha = 0.35;
    pen.fillStyle = colour("faint");
    for (let index = 0; index < crowd; index += 1) dot(plot, pen, index, size);
  }
  pen.globalAlpha = crowd > 20000 ? 0.35 : crowd > 2000 ? 0.5 : 0.65;
  pen.fillStyle = colour("mark");
  for (const index of plot.order) dot(plot, pen, index, size);
  pen.globalAlpha = 1;
  if (plot.current >= 0) ring(plot, pen, colour);
}

function dot(plot, pen, index, size) {
  const [x, y] = place(plot, plot.xs[index], plot.ys[index]);
  if (size <= 3) {
    pen.fillRect(x - size / 2, y - size / 2, size, size);
    return;
  }
  pen.beginPath();
  pen.arc(x, y, size / 2, 0, 7);
  pen.fill();
}

function ring(plot, pen, colour) {
  const [x, y] = place(plot, plot.xs[plot.current], plot.ys[plot.current]);
  pen.strokeStyle = colour("text");
  pen.lineWidth = 2;
  pen.beginPath();
  pen.arc(x, y, 6, 0, 7);
  pen.stroke();
}

function drawBox(plot, pen, colour) {
  const [[x0, y0], [x1, y1]] = plot.drag;
  pen.strokeStyle = colour("accent");
  pen.lineWidth = 1.5;
  pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
}

const spot = (event) => [event.offsetX, event.offsetY];

function begin(plot, event) {
  if (event.button !== 0) return;
  plot.drag = [spot(event), spot(event)];
  plot.canvas.setPointerCapture(event.pointerId);
}

function move(plot, event) {
  if (!plot.drag) return;
  plot.drag[1] = spot(event);
  draw(plot);
}

function end(plot, event, box, open) {
  if (!plot.drag) return;
  const [[x0, y0], [x1, y1]] = plot.drag;
  plot.drag = null;
  if (Math.hypot(x1 - x0, y1 - y0) < CLICK) {
    const nearest = nearestTo(plot, x1, y1);
    if (nearest >= 0) open(nearest);
  } else {
    const [left, bottom] = valueAt(plot, Math.min(x0, x1), Math.max(y0, y1));
    const [right, top] = valueAt(plot, Math.max(x0, x1), Math.min(y0, y1));
    box({ low: left, high: right }, { low: bottom, high: top });
  }
  draw(plot);
}

function nearestTo(plot, x, y) {
  let [nearest, distance] = [-1, NEAR];
  for (const index of plot.order) {
    const [px, py] = place(plot, plot.xs[index], plot.ys[index]);
    const away = Math.hypot(px - x, py - y);
    if (away < distance) [nearest, distance] = [index, away];
  }
  return nearest;
}
