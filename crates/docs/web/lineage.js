// Lineage on a canvas: layers from left to right, drawn only where it is visible.
"use strict";
(() => {
  const { resources, parents, children, place, element, address } = platform;
  const WIDTH = 190, HEIGHT = 34, ACROSS = 262, DOWN = 46;
  const SHOWN = new Set(["source", "seed", "model", "snapshot", "exposure", "metric", "semantic_model", "saved_query", "function"]);

  function reach(edges, start, steps) {
    const seen = new Set(start);
    for (let frontier = [...start], step = 0; frontier.length && step < steps; step++) {
      const next = [];
      for (const at of frontier) for (const other of edges[at]) if (!seen.has(other)) { seen.add(other); next.push(other); }
      frontier = next;
    }
    return seen;
  }

  // dbt's graph operators on names: `2+orders`, `orders+`, `+orders+1`, `@` aside; commas and spaces unite.
  function select(expression) {
    const found = new Set();
    for (const part of expression.split(/[\s,]+/).filter(Boolean)) {
      const [, up, name, down] = part.match(/^(\d*\+)?(.*?)(\+\d*)?$/);
      const pattern = new RegExp(`^${name.replace(/[.+^${}()|[\]\\?]/g, "\\$&").replace(/\*/g, ".*")}$`, "i");
      const start = new Set(resources.flatMap((resource, at) => SHOWN.has(resource.kind) && (pattern.test(resource.name) || resource.id === name || (resource.tags || []).some((tag) => `tag:${tag}` === name)) ? [at] : []));
      const steps = (text, digits) => text == null ? 0 : digits === "" ? Infinity : Number(digits);
      reach(parents, start, steps(up, up?.slice(0, -1))).forEach((at) => found.add(at));
      reach(children, start, steps(down, down?.slice(1))).forEach((at) => found.add(at));
    }
    return found;
  }

  // Layers by longest path from the left; order inside by the mean place of neighbours, swept both ways.
  function layout(nodes) {
    const inside = new Set(nodes), rank = new Map(), missing = new Map();
    for (const at of nodes) missing.set(at, parents[at].filter((other) => inside.has(other)).length);
    const queue = nodes.filter((at) => !missing.get(at));
    queue.forEach((at) => rank.set(at, 0));
    for (let head = 0; head < queue.length; head++) {
      for (const child of children[queue[head]]) {
        if (!inside.has(child)) continue;
        rank.set(child, Math.max(rank.get(child) || 0, rank.get(queue[head]) + 1));
        missing.set(child, missing.get(child) - 1);
        if (!missing.get(child)) queue.push(child);
      }
    }
    // A node without anything on its left stands next to what reads it.
    for (const at of [...queue].reverse()) {
      const after = children[at].filter((other) => inside.has(other));
      if (after.length && !parents[at].some((other) => inside.has(other))) rank.set(at, Math.max(0, Math.min(...after.map((other) => rank.get(other))) - 1));
    }
    const layers = [];
    for (const at of nodes) (layers[rank.get(at) ?? 0] ||= []).push(at);
    const order = new Map();
    layers.forEach((layer) => layer?.sort((a, b) => resources[a].name.localeCompare(resources[b].name)).forEach((at, row) => order.set(at, row)));
    for (let sweep = 0; sweep < 10; sweep++) {
      const forward = sweep % 2 === 0, edges = forward ? parents : children;
      for (const layer of forward ? layers : [...layers].reverse()) {
        if (!layer) continue;
        const middle = new Map(layer.map((at) => { const near = edges[at].filter((other) => inside.has(other)); return [at, near.length ? near.reduce((sum, other) => sum + order.get(other), 0) / near.length : order.get(at)]; }));
        layer.sort((a, b) => middle.get(a) - middle.get(b)).forEach((at, row) => order.set(at, row));
      }
    }
    const spots = new Map();
    layers.forEach((layer, column) => layer?.forEach((at, row) => spots.set(at, { x: column * ACROSS, y: (row - (layer.length - 1) / 2) * DOWN })));
    return spots;
  }

  function graph(box, nodes, focus, open) {
    const spots = layout(nodes), canvas = element("canvas", { tabindex: "0", role: "application", "aria-label": `Lineage of ${nodes.length} nodes. Arrow keys walk along it, Enter opens a node.` });
    const said = element("div", { class: "outside", "aria-live": "polite" });
    box.append(canvas, said);
    const pen = canvas.getContext("2d");
    let scale = 1, left = 0, top = 0, current = focus ?? nodes[0], near = null, asked = 0;
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

    function fit() {
      const all = [...spots.values()], xs = all.map((spot) => spot.x), ys = all.map((spot) => spot.y);
      const x0 = Math.min(...xs) - 30, x1 = Math.max(...xs) + WIDTH + 30, y0 = Math.min(...ys) - 30, y1 = Math.max(...ys) + HEIGHT + 30;
      scale = Math.min(1.1, canvas.clientWidth / (x1 - x0), canvas.clientHeight / (y1 - y0));
      left = canvas.clientWidth / 2 - scale * (x0 + x1) / 2;
      top = canvas.clientHeight / 2 - scale * (y0 + y1) / 2;
    }
    function draw() {
      asked = 0;
      const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
      if (canvas.width !== width * ratio || canvas.height !== height * ratio) { canvas.width = width * ratio; canvas.height = height * ratio; }
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      pen.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * left, ratio * top);
      const view = { x0: -left / scale - WIDTH, x1: (width - left) / scale, y0: -top / scale - HEIGHT, y1: (height - top) / scale };
      const line = colour("--line"), accent = colour("--accent"), ink = colour("--ink"), ground = colour("--ground"), soft = colour("--soft");
      const lit = near ?? null;
      for (const bright of [false, true]) {
        pen.beginPath();
        for (const [at, from] of spots) for (const child of children[at]) {
          const to = spots.get(child);
          if (!to || (lit != null && (at === lit || child === lit)) !== bright) continue;
          if (Math.max(from.x, to.x) < view.x0 || Math.min(from.x, to.x) > view.x1 || Math.max(from.y, to.y) < view.y0 || Math.min(from.y, to.y) > view.y1) continue;
          const x = from.x + WIDTH, y = from.y + HEIGHT / 2, bend = Math.max(30, (to.x - x) / 2);
          pen.moveTo(x, y);
          pen.bezierCurveTo(x + bend, y, to.x - bend, to.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2);
        }
        pen.strokeStyle = bright ? accent : soft;
        pen.globalAlpha = bright ? 1 : lit == null ? 0.45 : 0.18;
        pen.lineWidth = bright ? 2 : 1.2;
        pen.stroke();
      }
      pen.globalAlpha = 1;
      const text = scale > 0.35;
      pen.font = "13px system-ui, sans-serif";
      pen.textBaseline = "middle";
      for (const [at, spot] of spots) {
        if (spot.x < view.x0 || spot.x > view.x1 || spot.y < view.y0 || spot.y > view.y1) continue;
        const resource = resources[at], status = resource.status;
        const kind = resource.color || colour(`--${SHOWN.has(resource.kind) && colour(`--${resource.kind}`) ? resource.kind : "test"}`);
        pen.beginPath();
        pen.roundRect(spot.x, spot.y, WIDTH, HEIGHT, 8);
        pen.fillStyle = ground;
        pen.fill();
        pen.strokeStyle = at === current ? accent : line;
        pen.lineWidth = at === current ? 2.5 : 1.3;
        pen.stroke();
        pen.fillStyle = kind;
        pen.beginPath();
        pen.roundRect(spot.x, spot.y, 5, HEIGHT, [8, 0, 0, 8]);
        pen.fill();
        if (status) {
          pen.fillStyle = colour(["error", "fail", "runtime error"].includes(status) ? "--bad" : status === "warn" ? "--warn" : ["success", "pass"].includes(status) ? "--ok" : "--off");
          pen.beginPath();
          pen.arc(spot.x + WIDTH - 13, spot.y + HEIGHT / 2, 4.5, 0, 7);
          pen.fill();
        }
        if (text) {
          pen.fillStyle = ink;
          let name = resource.name;
          const room = WIDTH - 16 - (status ? 26 : 10);
          if (pen.measureText(name).width > room) { while (name.length > 3 && pen.measureText(`${name}…`).width > room) name = name.slice(0, -1); name += "…"; }
          pen.fillText(name, spot.x + 14, spot.y + HEIGHT / 2 + 0.5);
        }
      }
    }
    const ask = () => { if (!asked) asked = requestAnimationFrame(draw); };
    const at = (event) => {
      const bounds = canvas.getBoundingClientRect(), x = (event.clientX - bounds.left - left) / scale, y = (event.clientY - bounds.top - top) / scale;
      for (const [node, spot] of spots) if (x >= spot.x && x <= spot.x + WIDTH && y >= spot.y && y <= spot.y + HEIGHT) return node;
      return null;
    };
    const zoom = (factor, x, y) => { const next = Math.min(2.5, Math.max(0.02, scale * factor)); left = x - (x - left) * next / scale; top = y - (y - top) * next / scale; scale = next; ask(); };
    let drag = null;
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); const bounds = canvas.getBoundingClientRect(); zoom(Math.exp(-event.deltaY * 0.0016), event.clientX - bounds.left, event.clientY - bounds.top); }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, moved: 0 }; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => {
      if (drag) { left += event.clientX - drag.x; top += event.clientY - drag.y; drag.moved += Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y); drag.x = event.clientX; drag.y = event.clientY; ask(); return; }
      const over = at(event);
      if (over !== near) { near = over; canvas.title = over == null ? "" : `${resources[over].name} (${resources[over].kind})`; canvas.style.cursor = over == null ? "" : "pointer"; ask(); }
    });
    canvas.addEventListener("pointerup", (event) => { const was = drag; drag = null; const over = at(event); if (was && was.moved < 5 && over != null) open(over); });
    canvas.addEventListener("pointerleave", () => { near = null; ask(); });
    canvas.addEventListener("keydown", (event) => {
      const inside = (list) => list.filter((node) => spots.has(node));
      const column = [...spots].filter(([, spot]) => spot.x === spots.get(current)?.x).sort((a, b) => a[1].y - b[1].y).map(([node]) => node);
      const next = { ArrowLeft: inside(parents[current])[0], ArrowRight: inside(children[current])[0], ArrowUp: column[column.indexOf(current) - 1], ArrowDown: column[column.indexOf(current) + 1] }[event.key];
      if (event.key === "Enter") return open(current);
      if (event.key === "+" || event.key === "=") return zoom(1.25, canvas.clientWidth / 2, canvas.clientHeight / 2);
      if (event.key === "-") return zoom(0.8, canvas.clientWidth / 2, canvas.clientHeight / 2);
      if (event.key === "0") { fit(); return ask(); }
      if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      if (next == null) return;
      current = near = next;
      const spot = spots.get(next), x = spot.x * scale + left, y = spot.y * scale + top;
      if (x < 0 || x + WIDTH * scale > canvas.clientWidth) left = canvas.clientWidth / 2 - scale * (spot.x + WIDTH / 2);
      if (y < 0 || y + HEIGHT * scale > canvas.clientHeight) top = canvas.clientHeight / 2 - scale * spot.y;
      said.textContent = `${resources[next].name}, ${resources[next].kind}, reads ${inside(parents[next]).length}, read by ${inside(children[next]).length}${resources[next].status ? `, ${resources[next].status}` : ""}`;
      ask();
    });
    new ResizeObserver(() => ask()).observe(canvas);
    fit();
    draw();
    return { redraw: ask };
  }

  const shown = (set) => [...set].filter((at) => SHOWN.has(resources[at].kind));

  platform.lineagePage = (main, wanted) => {
    const focus = wanted.get("focus"), kinds = wanted.get("kind") || "", typed = wanted.get("select") || (focus ? `2+${focus}+2` : "");
    const input = element("input", { value: typed, placeholder: "2+orders+1, tag:daily", "aria-label": "Select nodes", spellcheck: "false" });
    const picker = element("select", { "aria-label": "Resource type" }, element("option", { value: "" }, "All types"), [...SHOWN].filter((kind) => resources.some((resource) => resource.kind === kind)).map((kind) => element("option", { value: kind, selected: kind === kinds }, kind.replace("_", " "))));
    const whole = element("a", { class: "button", href: "#!/lineage" }, "Everything");
    let nodes = typed ? shown(select(typed)) : shown(resources.keys());
    if (kinds) nodes = nodes.filter((at) => resources[at].kind === kinds);
    const go = () => { location.hash = `#!/lineage?${new URLSearchParams({ select: input.value, kind: picker.value })}`; };
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
    picker.addEventListener("change", go);
    const box = element("div", { id: "lineage" }, element("div", { class: "bar" }, input, picker, whole, element("span", { class: "hint" }, `${nodes.length.toLocaleString()} nodes · drag, wheel, arrow keys`)));
    main.replaceChildren(element("h1", { class: "outside" }, "Lineage"), box);
    document.title = `Lineage · ${platform.index.project}`;
    if (nodes.length) platform.drawInset = graph(box, nodes, focus ? place.get(focus) : undefined, (at) => { location.hash = address(at); }).redraw;
    else box.append(element("p", { class: "notice", style: "margin-top:70px" }, `Nothing matches “${typed}”. Names may have * in them; + and a number say how far to go.`));
  };

  platform.drawInset = () => {
    const box = document.querySelector("#lineage.inset");
    if (!box || box.firstChild) return;
    const at = place.get(box.dataset.focus);
    const nodes = shown(new Set([...reach(parents, [at], 2), ...reach(children, [at], 2), at]));
    const drawn = graph(box, nodes.length ? nodes : [at], at, (other) => { location.hash = address(other); });
    box.redraw = drawn.redraw;
  };
})();
