"use strict";
// Curves of scalars: axes, smoothing, and the values under the pointer.

const COLORS = ["#e8710a", "#1a73e8", "#0c8a4b", "#c5221f", "#8430ce", "#00838f", "#b06000",
  "#d01884", "#5f6368", "#7cb342"];
const WIDTH = 380, HEIGHT = 230, LEFT = 58, RIGHT = 10, TOP = 8, BOTTOM = 24;

function escaped(text) {
  return String(text).replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);
}

function shown(number) {
  if (typeof number !== "number") return String(number);
  const size = Math.abs(number);
  if (number === 0 || (size >= 1e-3 && size < 1e6)) return String(+number.toPrecision(5));
  return number.toExponential(3);
}

function span(seconds) {
  if (Math.abs(seconds) < 120) return `${shown(+seconds.toFixed(3))} s`;
  if (Math.abs(seconds) < 7200) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(2)} h`;
}

// An average of what came before that forgets; at the beginning it is divided by its weights.
function smooth(values, weight) {
  let last = 0, count = 0;
  return values.map((value) => {
    if (typeof value !== "number") return value;
    last = last * weight + (1 - weight) * value;
    count += 1;
    return weight === 0 ? value : last / (1 - weight ** count);
  });
}

function places(curve, axis) {
  if (axis === "step") return curve.step;
  return axis === "wall" ? curve.time : curve.time.map((each) => each - curve.time[0]);
}

function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 5, 10].find((each) => each * power >= rough) * power;
  const found = [];
  for (let at = Math.ceil(low / unit) * unit; at <= high + unit * 1e-9; at += unit) {
    found.push(Math.abs(at) < unit * 1e-9 ? 0 : at);
  }
  return found;
}

function decades(low, high) {
  const powers = [];
  for (let each = Math.floor(low); each <= Math.ceil(high); each++) powers.push(each);
  const step = Math.ceil(powers.length / 6);
  return powers.filter((each, index) => index % step === 0 && each >= low && each <= high);
}

function extent(numbers) {
  let low = Infinity, high = -Infinity;
  for (const each of numbers) {
    if (each < low) low = each;
    if (each > high) high = each;
  }
  if (low > high) return [0, 1];
  return low === high ? [low - (Math.abs(low) || 1) * 0.5, high + (Math.abs(high) || 1) * 0.5]
    : [low, high];
}

// A path in which each column of pixels has its first, least, greatest and last point.
function path(xs, ys, scaleX, scaleY) {
  let text = "", pen = "M", column = null, kept = [];
  const flush = () => {
    const order = [...new Set([0, least(kept, 1), least(kept, -1), kept.length - 1])];
    for (const each of kept.length ? order.sort((a, b) => a - b) : []) {
      text += `${pen}${kept[each][0].toFixed(1)},${kept[each][1].toFixed(1)}`;
      pen = "L";
    }
    kept = [];
  };
  xs.forEach((x, index) => {
    const y = scaleY(ys[index]);
    if (y === null || !Number.isFinite(y)) {
      flush();
      pen = "M";
      return;
    }
    const at = scaleX(x);
    if (Math.round(at) !== column) flush();
    column = Math.round(at);
    kept.push([at, y]);
  });
  flush();
  return text;
}

function least(points, sign) {
  let found = 0;
  points.forEach((each, index) => {
    if (sign * each[1] < sign * points[found][1]) found = index;
  });
  return found;
}

function timeLabel(axis, at) {
  if (axis === "step") return shown(at);
  return axis === "relative" ? span(at) : new Date(at * 1000).toLocaleTimeString();
}

// Draws one tag into `card`; `state` has runs, axis, weight and logarithmic.
function drawCurves(card, tag, runs, state) {
  const curves = Object.keys(runs).filter((each) => state.runs.has(each)).map((run) => {
    const xs = places(runs[run], state.axis), ys = runs[run].value;
    return { run, xs, ys, smooth: smooth(ys, state.weight), curve: runs[run],
      color: state.color(run) };
  });
  const usable = (each) => typeof each === "number" && (!state.logarithmic || each > 0);
  const across = extent(curves.flatMap((each) => each.xs));
  const up = extent(curves.flatMap((each) => each.ys.concat(each.smooth).filter(usable)
    .map((y) => (state.logarithmic ? Math.log10(y) : y))));
  const margin = (up[1] - up[0]) * 0.05;
  const [low, high] = [up[0] - margin, up[1] + margin];
  const scaleX = (x) => LEFT + (x - across[0]) / (across[1] - across[0]) * (WIDTH - LEFT - RIGHT);
  const raw = (y) => HEIGHT - BOTTOM - (y - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
  const scaleY = (y) => (usable(y) ? raw(state.logarithmic ? Math.log10(y) : y) : null);
  let body = "";
  const rungs = state.logarithmic && high - low > 1 ? decades(low, high) : ticks(low, high, 5);
  for (const each of rungs) {
    const label = shown(state.logarithmic ? 10 ** each : each);
    body += `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${raw(each)}" y2="${raw(each)}" stroke="#e6e9ed"/>`
      + `<text x="${LEFT - 5}" y="${raw(each) + 4}" text-anchor="end">${label}</text>`;
  }
  for (const each of ticks(across[0], across[1], 4)) {
    body += `<text x="${scaleX(each)}" y="${HEIGHT - 8}" text-anchor="middle">`
      + `${timeLabel(state.axis, each)}</text>`;
  }
  for (const each of curves) {
    const faint = state.weight > 0;
    if (faint) {
      body += `<path d="${path(each.xs, each.ys, scaleX, scaleY)}" fill="none" stroke="${each.color}" opacity="0.25"/>`;
    }
    body += `<path d="${path(each.xs, faint ? each.smooth : each.ys, scaleX, scaleY)}" fill="none" stroke="${each.color}" stroke-width="1.6"/>`;
    const drawn = each.xs.map((x, index) => [x, each.ys[index]]).filter((point) => usable(point[1]));
    for (const [x, y] of drawn.length < 3 ? drawn : []) { // too few for a line to be seen
      body += `<circle cx="${scaleX(x)}" cy="${scaleY(y)}" r="3" fill="${each.color}"/>`;
    }
  }
  const odd = curves.flatMap((each) => each.ys).filter((y) => !usable(y)).length;
  const words = odd ? `${odd} value(s) not drawn: not finite${state.logarithmic ? " or not positive" : ""}` : "";
  card.innerHTML = `<h3>${escaped(tag)}</h3><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="100%">`
    + `${body}<g class="marks"></g></svg><small>${words}</small>`;
  hover(card.querySelector("svg"), curves, scaleX, scaleY, state);
}

function nearest(xs, x) {
  let found = 0;
  xs.forEach((each, index) => {
    if (Math.abs(each - x) < Math.abs(xs[found] - x)) found = index;
  });
  return found;
}

function hover(svg, curves, scaleX, scaleY, state) {
  const tip = document.getElementById("tip"), marks = svg.querySelector(".marks");
  svg.onpointermove = (event) => {
    const box = svg.getBoundingClientRect();
    const at = (event.clientX - box.left) * WIDTH / box.width;
    let rows = "", dots = "";
    for (const each of curves) {
      const drawn = each.xs.map(scaleX), index = nearest(drawn, at);
      const y = scaleY(state.weight > 0 ? each.smooth[index] : each.ys[index]);
      if (y !== null) {
        dots += `<circle cx="${drawn[index]}" cy="${y}" r="3.5" fill="${each.color}"/>`;
      }
      const time = each.curve.time[index];
      rows += `<tr><td><span class="swatch" style="background:${each.color}"></span>`
        + `${escaped(each.run)}</td><td>${shown(each.smooth[index])}</td>`
        + `<td>${escaped(each.ys[index])}</td><td>${each.curve.step[index]}</td>`
        + `<td>${new Date(time * 1000).toLocaleString()}</td>`
        + `<td>${span(time - each.curve.time[0])}</td></tr>`;
    }
    marks.innerHTML = dots;
    tip.innerHTML = "<table><tr><td>run</td><td>smoothed</td><td>value</td><td>step</td>"
      + `<td>time</td><td>relative</td></tr>${rows}</table>`;
    tip.hidden = false;
    const beyond = event.pageX + tip.offsetWidth + 20 > document.documentElement.clientWidth;
    tip.style.left = `${Math.max(0, beyond ? event.pageX - tip.offsetWidth - 14 : event.pageX + 14)}px`;
    tip.style.top = `${event.pageY + 14}px`;
  };
  svg.onpointerleave = () => {
    tip.hidden = true;
    marks.innerHTML = "";
  };
}
