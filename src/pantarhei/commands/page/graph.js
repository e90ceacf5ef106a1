"use strict";
// A graph as boxes in layers, from below to above as the data flow. A scope is a box that opens.

const ROW = 26, GAP = 18, LAYER = 34, PAD = 14, LETTER = 6.6;

// The tree of scopes. A node whose name is also that of a scope is drawn inside it, as "(name)".
function scopes(nodes) {
  const root = { name: "", label: "", parent: null, children: new Map(), node: null };
  const leaves = new Map(), prefixes = new Set();
  for (const { name } of nodes) {
    for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) {
      prefixes.add(name.slice(0, at));
    }
  }
  for (const node of nodes) {
    const parts = node.name.split("/");
    if (prefixes.has(node.name)) parts.push(`(${parts[parts.length - 1]})`);
    let scope = root;
    parts.forEach((part, index) => {
      if (!scope.children.has(part)) {
        const name = scope.name ? `${scope.name}/${part}` : part;
        scope.children.set(part, { name, label: part, parent: scope, children: new Map(),
          node: null, depth: index + 1 });
      }
      scope = scope.children.get(part);
    });
    scope.node = node;
    leaves.set(node.name, scope);
  }
  root.depth = 0;
  const edges = [];
  for (const node of nodes) {
    for (const input of node.inputs) {
      const control = input.startsWith("^");
      const from = leaves.get(input.replace(/^\^/, "").replace(/:\d+$/, ""));
      if (from) edges.push({ from, to: leaves.get(node.name), control });
    }
  }
  return { root, edges, leaves };
}

function size(scope) {
  let count = scope.node ? 1 : 0;
  for (const each of scope.children.values()) count += size(each);
  return count;
}

// Edges between children of open scopes, with how many edges of the graph each stands for.
function lifted(edges, open) {
  const found = new Map();
  const seen = (leaf) => {
    const chain = [];
    for (let at = leaf; at; at = at.parent) chain.push(at);
    chain.reverse();
    const closed = chain.findIndex((each) => each.children.size && !open.has(each.name));
    return closed < 0 ? chain : chain.slice(0, closed + 1);
  };
  for (const { from, to, control } of edges) {
    const one = seen(from), other = seen(to);
    let depth = 0;
    while (depth < one.length && one[depth] === other[depth]) depth++;
    if (depth >= one.length || depth >= other.length) continue; // within one closed scope
    const key = `${one[depth].name}\n${other[depth].name}`;
    const edge = found.get(key)
      || { from: one[depth], to: other[depth], count: 0, control: true };
    edge.count += 1;
    edge.control = edge.control && control;
    found.set(key, edge);
  }
  return [...found.values()];
}

// Layers by the longest way from a source; an edge that closes a circle does not count.
function layers(children, edges) {
  const next = new Map(children.map((each) => [each, []])), layer = new Map();
  const indegree = new Map(children.map((each) => [each, 0]));
  const state = new Map();
  for (const { from, to } of edges) next.get(from).push(to);
  for (const start of children) { // depth first, without recursion: long chains are common
    const stack = state.has(start) ? [] : [[start, 0]];
    if (stack.length) state.set(start, "open");
    while (stack.length) {
      const top = stack[stack.length - 1], targets = next.get(top[0]);
      if (top[1] >= targets.length) {
        state.set(top[0], "done");
        stack.pop();
      } else if (state.get(targets[top[1]]) === "open") {
        targets.splice(top[1], 1);
      } else {
        const target = targets[top[1]++];
        if (!state.has(target)) {
          state.set(target, "open");
          stack.push([target, 0]);
        }
      }
    }
  }
  for (const targets of next.values()) {
    for (const each of targets) indegree.set(each, indegree.get(each) + 1);
  }
  const ready = children.filter((each) => !indegree.get(each));
  ready.forEach((each) => layer.set(each, 0));
  while (ready.length) {
    const each = ready.shift();
    for (const target of next.get(each)) {
      layer.set(target, Math.max(layer.get(target) || 0, layer.get(each) + 1));
      indegree.set(target, indegree.get(target) - 1);
      if (!indegree.get(target)) ready.push(target);
    }
  }
  // A source stands right below the first that uses it.
  for (const each of children) {
    const users = next.get(each);
    if (!layer.get(each) && users.length) {
      layer.set(each, Math.max(0, Math.min(...users.map((user) => layer.get(user))) - 1));
    }
  }
  return layer;
}

// Gives every visible box its place (x, y: its middle) within its parent, and its size.
function arrange(scope, open, edges) {
  const children = [...scope.children.values()];
  for (const each of children) {
    if (each.children.size && open.has(each.name)) arrange(each, open, edges);
    else {
      each.width = Math.max(60, each.label.length * LETTER + 24);
      each.height = ROW;
    }
  }
  const own = (edges.get(scope) || []).filter((each) => each.from !== each.to);
  const layer = layers(children, own), rows = [];
  for (const each of children) (rows[layer.get(each)] ||= []).push(each);
  const neighbours = new Map(children.map((each) => [each, []]));
  for (const { from, to } of own) {
    neighbours.get(from).push(to);
    neighbours.get(to).push(from);
  }
  const used = rows.filter(Boolean);
  const place = (row) => {
    const width = row.reduce((sum, each) => sum + each.width + GAP, -GAP);
    let at = -width / 2;
    for (const each of row) {
      each.x = at + each.width / 2;
      at += each.width + GAP;
    }
    return width;
  };
  used.forEach(place);
  for (let turn = 0; turn < 6; turn++) { // each box below or above the middle of its neighbours
    for (const row of turn % 2 ? [...used].reverse() : used) {
      const middle = new Map(row.map((each) => {
        const near = neighbours.get(each);
        return [each, near.length ? near.reduce((sum, other) => sum + other.x, 0) / near.length : each.x];
      }));
      row.sort((one, other) => middle.get(one) - middle.get(other));
      place(row);
    }
  }
  const width = Math.max(...used.map(place), scope.label.length * LETTER + 30);
  let top = PAD;
  for (const row of [...used].reverse()) {
    const height = Math.max(...row.map((each) => each.height));
    for (const each of row) each.y = top + height / 2;
    top += height + LAYER;
  }
  scope.width = width + 2 * PAD;
  scope.height = top - LAYER + PAD + (scope.parent ? ROW - 4 : 0);
}

function paint(scope, open, edges, colors) {
  const head = scope.parent ? ROW - 4 : 0;
  let text = "";
  for (const each of edges.get(scope) || []) {
    if (each.from === each.to) continue;
    const x1 = scope.width / 2 + each.from.x, y1 = head + each.from.y - each.from.height / 2;
    const x2 = scope.width / 2 + each.to.x, y2 = head + each.to.y + each.to.height / 2;
    const bend = Math.max(14, Math.abs(y1 - y2) / 2);
    text += `<path d="M${x1},${y1}C${x1},${y1 - bend} ${x2},${y2 + bend} ${x2},${y2 + 5}" fill="none"`
      + ` stroke="#8893a2" stroke-width="${Math.min(6, 1 + Math.log2(each.count) / 2)}"`
      + `${each.control ? ' stroke-dasharray="3 3"' : ""} marker-end="url(#arrow)">`
      + `<title>${each.count} edge(s)${each.control ? ", control only" : ""}</title></path>`;
  }
  for (const each of scope.children.values()) {
    const x = scope.width / 2 + each.x - each.width / 2, y = head + each.y - each.height / 2;
    const isOpen = each.children.size && open.has(each.name);
    const fill = each.children.size ? colors(each) : "#ffffff";
    text += `<g class="node" data-name="${escaped(each.name)}" transform="translate(${x},${y})">`
      + `<rect width="${each.width}" height="${each.height}" rx="${each.children.size ? 6 : 13}"`
      + ` fill="${fill}" fill-opacity="${isOpen ? 0.35 : 1}" stroke="#7a8594"/>`
      + `<text x="${each.width / 2}" y="17" text-anchor="middle">${escaped(each.label)}`
      + `${each.children.size && !isOpen ? " +" : ""}</text>`
      + (isOpen ? paint(each, open, edges, colors) : "") + "</g>";
  }
  return text;
}

function scopeColor(scope) {
  let top = scope;
  while (top.depth > 1) top = top.parent;
  if (/^gradients/.test(top.label)) return "#fde2c4";
  let hash = 0;
  for (const each of top.label) hash = (hash * 31 + each.charCodeAt(0)) % 360;
  return `hsl(${hash}, 55%, 88%)`;
}

// A graph in `place`; a click opens or closes a scope, or tells of a node.
function drawGraph(place, nodes) {
  const { root, edges, leaves } = scopes(nodes), open = new Set([root.name]);
  const users = new Map();
  for (const { from, to } of edges) users.set(from, [...(users.get(from) || []), to]);
  place.innerHTML = `<p class="note">${nodes.length} operations. A click opens a scope (+) or tells`
    + " of an operation. Data flow upwards; dotted: control only; gradients are orange. "
    + '<button class="all">open all</button> <button class="none">close all</button></p>'
    + '<div class="told note">Nothing chosen.</div><div class="picture"></div>';
  const picture = place.querySelector(".picture"), told = place.querySelector(".told");
  const all = new Map();
  const collect = (scope) => {
    if (scope.name) all.set(scope.name, scope);
    scope.children.forEach(collect);
  };
  collect(root);
  const redraw = () => {
    const grouped = new Map();
    for (const each of lifted(edges, open)) {
      const parent = each.from.parent;
      grouped.set(parent, [...(grouped.get(parent) || []), each]);
    }
    arrange(root, open, grouped);
    picture.innerHTML = `<svg width="${root.width}" height="${root.height}">`
      + '<defs><marker id="arrow" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7"'
      + ' markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">'
      + '<path d="M0,0L8,4L0,8z" fill="#8893a2"/></marker></defs>'
      + `${paint(root, open, grouped, scopeColor)}</svg>`;
  };
  const tell = (scope) => {
    const node = scope.node;
    if (!node) {
      told.textContent = `${scope.name}: a scope of ${size(scope)} operations`;
      return;
    }
    const rows = [["operation", node.op], ["device", node.device],
      ["inputs", node.inputs.join(", ")],
      ["used by", (users.get(scope) || []).map((each) => each.node.name).join(", ")],
      ...Object.entries(node.attributes)];
    told.innerHTML = `<b>${escaped(node.name)}</b><table>` + rows.filter((row) => row[1])
      .map((row) => `<tr><td>${escaped(row[0])}</td><td>${escaped(row[1])}</td></tr>`).join("")
      + "</table>";
  };
  picture.onclick = (event) => {
    const group = event.target.closest("g.node");
    if (!group) return;
    const scope = all.get(group.dataset.name);
    tell(scope);
    if (!scope.children.size) return;
    if (!open.delete(scope.name)) open.add(scope.name);
    redraw();
  };
  place.querySelector(".all").onclick = () => {
    all.forEach((each) => each.children.size && open.add(each.name));
    redraw();
  };
  place.querySelector(".none").onclick = () => {
    open.clear();
    open.add(root.name);
    redraw();
  };
  redraw();
}
