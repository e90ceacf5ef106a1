"use strict";
// Puts the page together: a section for each kind, the controls, and the cards that are in sight.

const DATA = JSON.parse(document.getElementById("data").textContent);
const KINDS = ["scalars", "graphs", "histograms", "images", "audio", "texts", "traces"];
const main = document.querySelector("main"), controls = (id) => document.getElementById(id);
const state = {
  runs: new Set(DATA.runs), axis: "step", weight: 0.6, logarithmic: false, filter: "",
  color: (run) => COLORS[DATA.runs.indexOf(run) % COLORS.length],
};

// The first cards are drawn at once, others when they come into sight: a page may have thousands.
const AT_ONCE = 30;
const sight = new IntersectionObserver((entries) => {
  for (const each of entries) {
    if (each.isIntersecting) {
      sight.unobserve(each.target);
      each.target.draw();
    }
  }
}, { rootMargin: "300px" });

window.onbeforeprint = () => {
  for (const each of document.querySelectorAll(".card")) {
    if (!each.innerHTML) each.draw();
  }
};

function card(parent, draw, wide) {
  const element = document.createElement("div");
  element.className = wide ? "card wide" : "card";
  element.style.minHeight = wide ? "" : "120px";
  element.draw = () => draw(element);
  parent.append(element);
  if (document.querySelectorAll(".card").length <= AT_ONCE) element.draw();
  else sight.observe(element);
}

// Tags by what stands before their first slash, as TensorBoard groups them.
function groups(tags) {
  const found = new Map();
  for (const tag of Object.keys(tags).sort()) {
    if (!tag.includes(state.filter)) continue;
    const at = tag.indexOf("/"), group = at < 0 ? tag : tag.slice(0, at);
    found.set(group, [...(found.get(group) || []), tag]);
  }
  return found;
}

function eachGroup(tags, fill) {
  for (const [group, members] of groups(tags)) {
    const details = document.createElement("details");
    details.open = true;
    details.innerHTML = `<summary>${escaped(group)} <small>${members.length}</small></summary><div class="cards"></div>`;
    main.append(details);
    for (const tag of members) fill(details.querySelector(".cards"), tag);
  }
}

function show(kind) {
  sight.disconnect();
  main.innerHTML = DATA.faults.map((each) => `<p class="fault">${escaped(each)}</p>`).join("");
  for (const each of document.querySelectorAll("nav button")) {
    each.classList.toggle("chosen", each.dataset.kind === kind);
  }
  state.kind = kind;
  controls("curves").hidden = kind !== "scalars";
  if (kind === "scalars") {
    eachGroup(DATA.scalars, (place, tag) => {
      if (Object.keys(DATA.scalars[tag]).some((run) => state.runs.has(run))) {
        card(place, (element) => drawCurves(element, tag, DATA.scalars[tag], state));
      }
    });
  } else if (kind === "graphs") {
    for (const [run, nodes] of Object.entries(DATA.graphs).filter(([run]) => state.runs.has(run))) {
      const section = document.createElement("section");
      section.innerHTML = `<h3>${escaped(run)}</h3><div></div>`;
      main.append(section);
      drawGraph(section.querySelector("div"), nodes);
    }
  } else if (kind === "traces") {
    for (const [run, tags] of Object.entries(DATA.traces).filter(([run]) => state.runs.has(run))) {
      for (const tag of Object.keys(tags)) {
        card(main, (element) => drawTrace(element, run, tag, tags[tag]), true);
      }
    }
  } else {
    eachGroup(DATA[kind] || {}, (place, tag) => {
      for (const run of Object.keys(DATA[kind][tag]).filter((each) => state.runs.has(each))) {
        card(place, (element) => drawSamples(element, kind, tag, run, DATA[kind][tag][run]));
      }
    });
  }
  const others = Object.entries(DATA.others).map(([name, count]) => `${count} ${name}`).join(", ");
  if (others) main.insertAdjacentHTML("beforeend", `<p class="note">Not shown: ${escaped(others)}.</p>`);
}

document.title = `Report: ${DATA.title}`;
document.querySelector("h1").textContent = DATA.title;
const present = KINDS.filter((kind) => Object.keys(DATA[kind]).length);
for (const kind of present) {
  const button = document.createElement("button");
  button.textContent = kind;
  button.dataset.kind = kind;
  button.onclick = () => {
    location.hash = kind;
  };
  document.querySelector("nav").append(button);
}
for (const run of DATA.runs) {
  const label = document.createElement("label");
  label.innerHTML = `<input type="checkbox" checked><span class="swatch" style="background:${state.color(run)}"></span>${escaped(run)}`;
  label.querySelector("input").onchange = (event) => {
    if (event.target.checked) state.runs.add(run);
    else state.runs.delete(run);
    show(state.kind);
  };
  controls("runs").append(label);
}
controls("axis").onchange = (event) => {
  state.axis = event.target.value;
  redraw();
};
controls("smoothing").oninput = (event) => {
  state.weight = +event.target.value;
  controls("smoothed").textContent = state.weight;
  redraw();
};
controls("logarithmic").onchange = (event) => {
  state.logarithmic = event.target.checked;
  redraw();
};
controls("filter").oninput = (event) => {
  state.filter = event.target.value;
  show(state.kind);
};
// Cards that are drawn are drawn again where they stand; the others will be when they are seen.
function redraw() {
  for (const each of document.querySelectorAll(".card")) {
    if (each.innerHTML) each.draw();
  }
}

const chosen = () => {
  const kind = location.hash.slice(1);
  return present.includes(kind) ? kind : present[0];
};
window.onhashchange = () => show(chosen());
show(chosen());
