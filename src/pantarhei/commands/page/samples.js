"use strict";
// Histograms, images, sounds and texts, a step at a time; times of traced runs.

function bars({ edges, counts }) {
  const numbers = edges.filter((each) => typeof each === "number");
  const [low, high] = extent(numbers), scale = (x) => LEFT + (x - low) / (high - low) * (WIDTH - LEFT - RIGHT);
  // Areas are numbers of values: buckets are not equally wide.
  const heights = counts.map((count, index) => count / (edges[index + 1] - edges[index] || 1e-30));
  const most = Math.max(...heights.filter(Number.isFinite), 0) || 1;
  const floor = HEIGHT - BOTTOM;
  let body = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${floor}" y2="${floor}" stroke="#99a"/>`;
  counts.forEach((count, index) => {
    const x = scale(edges[index]), width = Math.max(1, scale(edges[index + 1]) - x);
    const height = Math.min(1, heights[index] / most) * (floor - TOP);
    body += `<rect x="${x}" y="${floor - height}" width="${width}" height="${height}" fill="#1a73e8"`
      + ` fill-opacity="0.65"><title>${shown(edges[index])} to ${shown(edges[index + 1])}: ${count}</title></rect>`;
  });
  for (const each of ticks(low, high, 4)) {
    body += `<text x="${scale(each)}" y="${HEIGHT - 8}" text-anchor="middle">${shown(each)}</text>`;
  }
  const total = counts.reduce((sum, each) => sum + each, 0);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="100%">${body}</svg><small>${total} values</small>`;
}

const PAINTERS = {
  histograms: bars,
  images: (sample) => `<img alt="" src="${escaped(sample.data)}">`,
  audio: (sample) => `<audio controls src="${escaped(sample.data)}"></audio>`,
  texts: (sample) => sample.text.map((each) => `<pre>${escaped(each)}</pre>`).join(""),
};

// A card for each tag and run, with a slider over its steps.
function drawSamples(card, kind, tag, run, { found, kept }) {
  const left = found > kept.length ? `${kept.length} of ${found} steps, ` : "";
  card.innerHTML = `<h3>${escaped(tag)}</h3><small>${escaped(run)}, ${left}step <output></output></small>`
    + `<input type="range" min="0" max="${kept.length - 1}" value="${kept.length - 1}" style="width:100%">`
    + "<div></div>";
  const slider = card.querySelector("input");
  slider.hidden = kept.length < 2;
  slider.oninput = () => {
    const sample = kept[+slider.value];
    card.querySelector("output").textContent = `${sample.step}, ${new Date(sample.time * 1000).toLocaleString()}`;
    card.querySelector("div").innerHTML = PAINTERS[kind](sample);
  };
  slider.oninput();
}

function drawTrace(card, run, tag, rows) {
  const longest = Math.max(...rows.map((row) => row[3]), 1);
  card.innerHTML = `<h3>${escaped(tag)}</h3><small>${escaped(run)}: what took longest, in microseconds</small>`
    + "<table><tr><th>operation</th><th>device</th><th>begins at</th><th>takes</th><th></th></tr>"
    + rows.map(([device, name, begin, time]) => `<tr><td>${escaped(name)}</td><td>${escaped(device)}</td>`
      + `<td class="number">${begin}</td><td class="number">${time}</td>`
      + `<td><svg width="160" height="10"><rect width="${160 * time / longest}" height="10" fill="#1a73e8"/></svg></td></tr>`)
      .join("") + "</table>";
}
