// A lineage on a canvas: placed in layers, drawn only where it is visible, walked by pointer, touch and keys.
"use strict";
(() => {
  const { index, resources, parents, children, FAILED, element } = platform;
  // A node is as wide as its name, within these.
  const WIDTH = 200, NARROW = 110, WIDE = 250, HEIGHT = 34, ACROSS = 262, DOWN = 46, CLOSE = 44;
  // Up to here dagre is quick enough to lay out while somebody waits; beyond, places of the whole are used.
  const MOST_NODES = 120, MOST_EDGES = 260;
  // More than this many are no picture while they move.
  const MANY_EDGES = 2000;

  const edgesAmong = (inside) => {
    const edges = [];
    index.edges.forEach(([from, to], number) => { if (inside.has(from) && inside.has(to)) edges.push({ from, to, number }); });
    return edges;
  };

  const outOf = (spot) => [spot.x + spot.wide, spot.y + HEIGHT / 2];
  const into = (spot) => [spot.x, spot.y + HEIGHT / 2];

  const FONT = "13px system-ui, sans-serif";
  const ruler = document.createElement("canvas").getContext("2d");
  function widthOf(at, most) {
    ruler.font = FONT;
    return Math.min(most, Math.max(NARROW, Math.ceil(ruler.measureText(resources[at].name).width) + (resources[at].status ? 46 : 30)));
  }

  function byDagre(nodes, edges, most) {
    const graph = new dagre.graphlib.Graph();
    graph.setGraph({ rankdir: "LR", nodesep: DOWN - HEIGHT, ranksep: CLOSE, edgesep: 10 });
    graph.setDefaultEdgeLabel(() => ({}));
    nodes.forEach((at) => graph.setNode(String(at), { width: widthOf(at, most), height: HEIGHT }));
    edges.forEach(({ from, to }) => graph.setEdge(String(from), String(to)));
    dagre.layout(graph);
    const spots = new Map(nodes.map((at) => {
      const { x, y, width } = graph.node(String(at));
      return [at, { x: x - width / 2, y: y - HEIGHT / 2, wide: width }];
    }));
    for (const edge of edges) {
      const middle = graph.edge(String(edge.from), String(edge.to)).points.slice(1, -1).map(({ x, y }) => [x, y]);
      edge.points = [outOf(spots.get(edge.from)), ...(middle.length > 1 ? middle : []), into(spots.get(edge.to))];
    }
    return spots;
  }

  // The places computed ahead of time; a part of them is drawn together where layers or rows are left empty.
  function byPlaces(nodes, edges) {
    const { places, bends } = index.layout;
    const whole = nodes.length === platform.everything().length;
    const spots = new Map(nodes.map((at) => [at, { x: places[at][0], y: places[at][1] - HEIGHT / 2, wide: WIDTH }]));
    if (!whole) {
      const columns = new Map();
      for (const [at, spot] of spots) {
        if (!columns.has(spot.x)) columns.set(spot.x, []);
        columns.get(spot.x).push(at);
      }
      [...columns.keys()].sort((a, b) => a - b).forEach((left, column) => {
        const layer = columns.get(left).sort((a, b) => spots.get(a).y - spots.get(b).y);
        layer.forEach((at, row) => spots.set(at, { x: column * ACROSS, y: (row - (layer.length - 1) / 2) * DOWN, wide: WIDTH }));
      });
    }
    const passed = whole ? new Map(bends) : new Map();
    for (const edge of edges) {
      const from = spots.get(edge.from), to = spots.get(edge.to);
      const middle = (passed.get(edge.number) || []).flatMap((height, number) => {
        const left = from.x + (number + 1) * ACROSS;
        return [[left, height], [left + WIDTH, height]];
      });
      edge.points = [outOf(from), ...middle, into(to)];
    }
    return spots;
  }

  function arrange(nodes, most) {
    const edges = edgesAmong(new Set(nodes));
    const small = nodes.length <= MOST_NODES && edges.length <= MOST_EDGES;
    return { edges, spots: small ? byDagre(nodes, edges, most) : byPlaces(nodes, edges) };
  }

  function trace(path, points) {
    path.moveTo(...points[0]);
    for (let at = 1; at < points.length; at++) {
      const [x0, y0] = points[at - 1], [x1, y1] = points[at], half = (x1 - x0) / 2;
      path.bezierCurveTo(x0 + half, y0, x1 - half, y1, x1, y1);
    }
  }

  // Colours are read once a theme, not once a node.
  function palette() {
    const style = getComputedStyle(document.documentElement), read = new Map();
    return (name) => {
      if (!read.has(name)) read.set(name, style.getPropertyValue(`--${name}`).trim());
      return read.get(name);
    };
  }
  const KIND_COLOURS = new Set(["model", "source", "seed", "snapshot", "exposure"]);
  const STATUS_COLOURS = { success: "ok", pass: "ok", warn: "warn" };

  class Graph {
    constructor(box, nodes, options) {
      Object.assign(this, arrange(nodes, options.inset ? 230 : WIDE), { options, nodes, current: options.focus ?? nodes[0], near: null, asked: 0 });
      this.canvas = element("canvas", {
        tabindex: "0", role: "application",
        "aria-label": `Lineage of ${platform.plural(nodes.length, "node")}. Arrow keys walk along it, Enter opens a node, plus and minus zoom, 0 shows all.`,
      });
      this.said = element("div", { class: "outside", "aria-live": "polite" });
      box.append(this.canvas, this.said);
      this.pen = this.canvas.getContext("2d");
      this.repaint();
      new ResizeObserver(() => this.ask()).observe(this.canvas);
      this.listen();
      this.fit();
      this.draw();
    }

    // After a change of the theme or of what colours mean.
    repaint() {
      this.colour = palette();
      this.allEdges = new Path2D();
      this.edges.forEach(({ points }) => trace(this.allEdges, points));
      this.ask();
    }

    ask() {
      if (!this.asked) this.asked = requestAnimationFrame(() => this.draw());
    }

    fit() {
      const { canvas } = this;
      let x0 = Infinity, x1 = -Infinity, y0 = Infinity, y1 = -Infinity;
      for (const { x, y, wide } of this.spots.values()) {
        x0 = Math.min(x0, x); x1 = Math.max(x1, x + wide);
        y0 = Math.min(y0, y); y1 = Math.max(y1, y + HEIGHT);
      }
      const room = this.options.inset ? 14 : 26, top = this.options.inset ? 0 : 56;
      // On a page it is as high as what it shows.
      if (this.options.inset) this.options.inset.style.height = `${Math.min(460, Math.max(96, Math.ceil((y1 - y0) * Math.min(1.15, (canvas.clientWidth - 2 * room) / (x1 - x0))) + 2 * room))}px`;
      const height = canvas.clientHeight - top;
      const whole = Math.min(1.15, (canvas.clientWidth - 2 * room) / (x1 - x0), (height - 2 * room) / (y1 - y0));
      // A text that nobody can read is no overview of a small graph: begin at the node in focus.
      const legible = this.nodes.length <= MOST_NODES ? 0.62 : 0;
      this.scale = Math.max(whole, legible);
      const focus = whole < legible && this.options.focus != null && this.spots.get(this.options.focus);
      const middleX = focus ? focus.x + focus.wide / 2 : (x0 + x1) / 2, middleY = focus ? focus.y : (y0 + y1) / 2;
      this.left = whole < legible && !focus ? room - this.scale * x0 : canvas.clientWidth / 2 - this.scale * middleX;
      this.top = top + height / 2 - this.scale * middleY;
    }

    // One colour a node: of its kind, or of its last run.
    colourOf(at) {
      const { kind, status, color } = resources[at];
      if (this.options.byStatus) return this.statusColour(status);
      return color || this.colour(KIND_COLOURS.has(kind) ? kind : "test");
    }
    statusColour(status) {
      return this.colour(FAILED.has(status) ? "bad" : STATUS_COLOURS[status] || "off");
    }

    draw() {
      this.asked = 0;
      const { canvas, pen, scale } = this, ratio = devicePixelRatio || 1;
      const width = canvas.clientWidth, height = canvas.clientHeight;
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      pen.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * this.left, ratio * this.top);
      const view = {
        x0: -this.left / scale - WIDE, x1: (width - this.left) / scale,
        y0: -this.top / scale - HEIGHT, y1: (height - this.top) / scale,
      };
      this.drawEdges(view);
      const visible = [...this.spots].filter(([, { x, y }]) => x >= view.x0 && x <= view.x1 && y >= view.y0 && y <= view.y1);
      if (scale < 0.3) this.drawBlocks(visible);
      else visible.forEach(([at, spot]) => this.drawNode(at, spot));
      this.drawn = performance.now();
    }

    drawEdges(view) {
      const { pen, colour, near } = this;
      if (this.resting && this.scale < 0.3 && this.edges.length > MANY_EDGES) return;
      const ends = near == null ? [] : this.edges.filter(({ from, to }) => from === near || to === near);
      pen.lineWidth = 1.2 / Math.max(0.5, Math.min(1, this.scale * 1.6));
      pen.strokeStyle = colour("soft");
      pen.globalAlpha = near == null ? (this.scale < 0.3 ? 0.25 : 0.5) : 0.16;
      let path = this.allEdges;
      if (this.edges.length > 400 && this.scale > 0.3) {
        path = new Path2D();
        for (const { points } of this.edges) {
          const first = points[0], last = points.at(-1);
          const y0 = Math.min(...points.map(([, y]) => y)), y1 = Math.max(...points.map(([, y]) => y));
          if (last[0] >= view.x0 && first[0] <= view.x1 && y1 >= view.y0 && y0 <= view.y1 + HEIGHT) trace(path, points);
        }
      }
      pen.stroke(path);
      pen.globalAlpha = 1;
      if (!ends.length) return;
      const lit = new Path2D();
      ends.forEach(({ points }) => trace(lit, points));
      pen.strokeStyle = colour("accent");
      pen.lineWidth = 2.2 / Math.max(0.2, Math.min(1, this.scale));
      pen.stroke(lit);
    }

    // Far away a node is a block of its colour; one path a colour keeps thousands quick.
    drawBlocks(visible) {
      const { pen } = this, paths = new Map();
      for (const [at, { x, y, wide }] of visible) {
        const colour = FAILED.has(resources[at].status) ? this.colour("bad") : this.colourOf(at);
        if (!paths.has(colour)) paths.set(colour, new Path2D());
        paths.get(colour).rect(x, y, wide, HEIGHT);
      }
      for (const [colour, path] of paths) {
        pen.fillStyle = colour;
        pen.fill(path);
      }
      const spot = this.spots.get(this.near ?? this.options.focus);
      if (!spot) return;
      pen.strokeStyle = this.colour("ink");
      pen.lineWidth = 3 / this.scale;
      pen.strokeRect(spot.x, spot.y, spot.wide, HEIGHT);
    }

    drawNode(at, { x, y, wide }) {
      const { pen, colour } = this, { status, name } = resources[at], own = this.colourOf(at);
      pen.beginPath();
      pen.roundRect(x, y, wide, HEIGHT, 8);
      pen.fillStyle = colour("ground");
      pen.fill();
      if (this.options.byStatus || at === this.options.focus) {
        pen.globalAlpha = 0.16;
        pen.fillStyle = own;
        pen.fill();
        pen.globalAlpha = 1;
      }
      const marked = at === this.current || at === this.near;
      pen.strokeStyle = marked ? colour("accent") : colour("line");
      pen.lineWidth = marked ? 2.5 : 1.3;
      pen.stroke();
      pen.fillStyle = own;
      pen.beginPath();
      pen.roundRect(x, y, 5, HEIGHT, [8, 0, 0, 8]);
      pen.fill();
      if (status) {
        pen.fillStyle = this.statusColour(status);
        pen.beginPath();
        pen.arc(x + wide - 13, y + HEIGHT / 2, 4.5, 0, 7);
        pen.fill();
      }
      pen.fillStyle = colour("ink");
      pen.font = FONT;
      pen.textBaseline = "middle";
      pen.fillText(this.shortened(name, wide - (status ? 42 : 26)), x + 14, y + HEIGHT / 2 + 0.5);
    }

    // Names of a project begin alike: what is cut out stands in the middle.
    shortened(name, room) {
      const { pen } = this;
      if (pen.measureText(name).width <= room) return name;
      let kept = Math.floor(name.length * room / pen.measureText(name).width) - 1;
      const cut = () => `${name.slice(0, Math.ceil(kept / 2))}…${name.slice(name.length - Math.floor(kept / 2))}`;
      while (kept > 4 && pen.measureText(cut()).width > room) kept--;
      return cut();
    }

    at(event) {
      const bounds = this.canvas.getBoundingClientRect();
      const x = (event.clientX - bounds.left - this.left) / this.scale, y = (event.clientY - bounds.top - this.top) / this.scale;
      for (const [node, spot] of this.spots) if (x >= spot.x && x <= spot.x + spot.wide && y >= spot.y && y <= spot.y + HEIGHT) return node;
      return null;
    }

    zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
      const next = Math.min(2.5, Math.max(0.01, this.scale * factor));
      this.left = x - (x - this.left) * next / this.scale;
      this.top = y - (y - this.top) * next / this.scale;
      this.scale = next;
      this.move();
    }

    pan(x, y) {
      this.left += x;
      this.top += y;
      this.move();
    }

    // Thousands of edges are left out while everything moves, and come back when it rests.
    move() {
      clearTimeout(this.resting);
      this.resting = setTimeout(() => {
        this.resting = 0;
        this.ask();
      }, 120);
      this.ask();
    }

    listen() {
      const { canvas } = this, fingers = new Map();
      let moved = 0;
      canvas.addEventListener("wheel", (event) => {
        // On a page the wheel scrolls the page; there, zoom wants a key.
        if (this.options.inset && !event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const bounds = canvas.getBoundingClientRect();
        this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - bounds.left, event.clientY - bounds.top);
      }, { passive: false });
      canvas.addEventListener("pointerdown", (event) => {
        if (!fingers.size) moved = 0;
        fingers.set(event.pointerId, [event.clientX, event.clientY]);
        canvas.setPointerCapture?.(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        const before = fingers.get(event.pointerId);
        if (!before) return this.light(this.at(event));
        const after = [event.clientX, event.clientY];
        const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
        const bounds = canvas.getBoundingClientRect();
        moved += Math.abs(after[0] - before[0]) + Math.abs(after[1] - before[1]);
        if (other) {
          const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
          this.zoom(apart(after) / apart(before), other[0] - bounds.left, other[1] - bounds.top);
        } else {
          this.pan(after[0] - before[0], after[1] - before[1]);
        }
        fingers.set(event.pointerId, after);
      });
      const lift = (event) => {
        const was = fingers.delete(event.pointerId), over = this.at(event);
        if (event.type === "pointerup" && was && moved < 6 && over != null) this.options.open(over);
      };
      canvas.addEventListener("pointerup", lift);
      canvas.addEventListener("pointercancel", lift);
      canvas.addEventListener("pointerleave", () => this.light(null));
      canvas.addEventListener("keydown", (event) => this.key(event));
      canvas.addEventListener("focus", () => this.tell());
    }

    light(at) {
      if (at === this.near) return;
      this.near = at;
      this.canvas.title = at == null ? "" : `${resources[at].name} (${resources[at].kind})${resources[at].status ? `: ${resources[at].status}` : ""}`;
      this.canvas.style.cursor = at == null ? "" : "pointer";
      this.ask();
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const { current, spots } = this;
      const inside = (list) => list.filter((node) => spots.has(node)).sort((a, b) => spots.get(a).y - spots.get(b).y);
      const column = () => inside([...spots.keys()].filter((node) => spots.get(node).x === spots.get(current)?.x));
      const next = {
        ArrowLeft: () => inside(parents[current])[0],
        ArrowRight: () => inside(children[current])[0],
        ArrowUp: () => column()[column().indexOf(current) - 1],
        ArrowDown: () => column()[column().indexOf(current) + 1],
      }[event.key];
      if (next) {
        event.preventDefault();
        this.walk(next());
      } else if (event.key === "Enter") this.options.open(current);
      else if (event.key === "+" || event.key === "=") this.zoom(1.25);
      else if (event.key === "-") this.zoom(0.8);
      else if (event.key === "0") { this.fit(); this.ask(); }
    }

    walk(next) {
      if (next == null) return;
      this.current = this.near = next;
      const spot = this.spots.get(next), { canvas, scale } = this;
      const x = spot.x * scale + this.left, y = spot.y * scale + this.top;
      if (x < 0 || x + spot.wide * scale > canvas.clientWidth) this.left = canvas.clientWidth / 2 - scale * (spot.x + spot.wide / 2);
      if (y < 56 || y + HEIGHT * scale > canvas.clientHeight) this.top = canvas.clientHeight / 2 - scale * spot.y;
      this.tell();
      this.ask();
    }

    tell() {
      const { name, kind, status } = resources[this.current];
      const count = (list) => list.filter((node) => this.spots.has(node)).length;
      this.said.textContent = `${name}, ${kind.replace("_", " ")}, reads ${count(parents[this.current])}, read by ${count(children[this.current])}${status ? `, ${status}` : ""}`;
    }
  }

  platform.graph = (box, nodes, options) => new Graph(box, nodes, options);
})();
