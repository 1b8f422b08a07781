// Column lineage: where a column's values come from and what is computed from them, over every model between.
"use strict";
(() => {
  const { resources, element, address, detailOf } = platform;
  const WIDTH = 230, HEAD = 30, ROW = 24, MOST = 400;
  const SVG = "http://www.w3.org/2000/svg";

  platform.columnAddress = (at, column) => `#!/column/${encodeURIComponent(resources[at].id)}?column=${encodeURIComponent(column)}`;

  function drawn(name, attributes, ...content) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...content);
    return made;
  }

  // Follows one direction from a column, a step at a time, loading details as they are needed.
  async function follow(start, direction, found, links) {
    let frontier = [start];
    while (frontier.length && found.size < MOST) {
      const next = [];
      for (const [at, name] of frontier) {
        const column = (await detailOf(at)).columns?.find((column) => column.name === name);
        if (!column) continue;
        found.set(`${at}|${name}`, { at, name, unknown: column.unknown });
        for (const [other, otherName] of column[direction] || []) {
          links.set(direction === "from" ? `${other}|${otherName}>${at}|${name}` : `${at}|${name}>${other}|${otherName}`, true);
          if (!found.has(`${other}|${otherName}`)) {
            found.set(`${other}|${otherName}`, { at: other, name: otherName });
            next.push([other, otherName]);
          }
        }
      }
      frontier = next;
    }
  }

  function picture(found, links, start) {
    const boxes = new Map();
    for (const { at, name, unknown } of found.values()) {
      if (!boxes.has(at)) boxes.set(at, { at, rows: [] });
      boxes.get(at).rows.push({ name, unknown });
    }
    const graph = new dagre.graphlib.Graph();
    graph.setGraph({ rankdir: "LR", nodesep: 22, ranksep: 70, marginx: 8, marginy: 8 });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const box of boxes.values()) graph.setNode(String(box.at), { width: WIDTH, height: HEAD + ROW * box.rows.length + 6 });
    const ends = [...links.keys()].map((link) => link.split(">").map((end) => { const cut = end.indexOf("|"); return [Number(end.slice(0, cut)), end.slice(cut + 1)]; }));
    for (const [[from], [to]] of ends) if (from !== to && boxes.has(from) && boxes.has(to)) graph.setEdge(String(from), String(to));
    dagre.layout(graph);
    const spot = ([at, name], side) => {
      const { x, y, height } = graph.node(String(at));
      const row = boxes.get(at).rows.findIndex((row) => row.name === name);
      return [x + side * WIDTH / 2, y - height / 2 + HEAD + ROW * (row + 0.5)];
    };
    const { width, height } = graph.graph();
    const svg = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Lineage of ${resources[start.at].name}.${start.name}: ${found.size} columns in ${boxes.size} relations` });
    for (const [from, to] of ends) {
      if (!boxes.has(from[0]) || !boxes.has(to[0])) continue;
      const [x0, y0] = spot(from, 1), [x1, y1] = spot(to, -1), half = Math.max(24, (x1 - x0) / 2);
      svg.append(drawn("path", { class: "wire", d: `M${x0} ${y0} C${x0 + half} ${y0} ${x1 - half} ${y1} ${x1} ${y1}` }));
    }
    for (const { at, rows } of boxes.values()) {
      const { x, y, height } = graph.node(String(at)), left = x - WIDTH / 2, top = y - height / 2;
      const text = (content, dx, dy, className) => drawn("text", { x: left + dx, y: top + dy, class: className }, content);
      const short = (name, most) => name.length > most ? `${name.slice(0, Math.ceil(most / 2))}…${name.slice(-Math.floor(most / 2))}` : name;
      svg.append(drawn("rect", { class: "box", x: left, y: top, width: WIDTH, height, rx: 9 }));
      svg.append(drawn("rect", { class: `strip kind-${resources[at].kind}`, x: left, y: top, width: 5, height, rx: 2 }));
      svg.append(drawn("a", { href: address(at) }, text(short(resources[at].name, 25), 14, 20, "name")));
      rows.forEach(({ name, unknown }, row) => {
        const here = at === start.at && name === start.name;
        if (here) svg.append(drawn("rect", { class: "here", x: left + 5, y: top + HEAD + ROW * row, width: WIDTH - 6, height: ROW }));
        svg.append(drawn("a", { href: platform.columnAddress(at, name), ...(here ? { "aria-current": "true" } : {}) },
          drawn("title", {}, `${resources[at].name}.${name}${unknown ? ", which may come from elsewhere too" : ""}`),
          text(short(name, 28) + (unknown ? " ?" : ""), 14, HEAD + ROW * row + 16, "column")));
      });
    }
    return svg;
  }

  platform.columnPage = async (main, at, wanted) => {
    const name = wanted.get("column"), detail = await detailOf(at);
    const column = detail.columns?.find((column) => column.name === name);
    if (!column) throw new Error(`${resources[at].name} has no column ${name}`);
    const found = new Map(), links = new Map();
    await follow([at, name], "from", found, links);
    await follow([at, name], "into", found, links);
    const roots = [...found.keys()].filter((key) => ![...links.keys()].some((link) => link.endsWith(`>${key}`)));
    const ends = [...links.keys()].map((link) => link.split(">"));
    const places = (keys) => keys.flatMap((key, number) => [number ? ", " : "", place(found.get(key))]);
    const place = ({ at: other, name: text }) => element("a", { href: platform.columnAddress(other, text), class: "mono" }, platform.breakable(`${resources[other].name}.${text}`));
    const list = () => platform.table(["Column", "Comes from", "Goes into"], [...found].map(([key, one]) => [place(one),
      places(ends.filter(([, to]) => to === key).map(([from]) => from)), places(ends.filter(([from]) => from === key).map(([, to]) => to))]), "The same as a list");
    main.replaceChildren(
      element("div", { class: "path" }, element("a", { href: address(at) }, resources[at].name), " / column"),
      element("h1", {}, name),
      element("p", { class: "lead" }, [column.data_type && [element("code", {}, column.data_type), " · "],
        found.size > 1 ? `${platform.plural(found.size, "column")} in ${platform.plural(new Set([...found.values()].map((one) => one.at)).size, "relation")}, from ${platform.plural(roots.length, "origin")}` : "no other column is known to feed it or read it"]),
      column.unknown ? element("p", { class: "notice status-warn" }, "Some of its values may come from elsewhere: the SQL, or a relation's columns, could not be told.") : "",
      element("div", { class: "scroll wires", tabindex: "0", role: "region", "aria-label": "Column lineage" }, picture(found, links, { at, name })),
      found.size > 1 ? element("details", { class: "more" }, element("summary", {}, "As a list"), list()) : "");
    document.title = `${resources[at].name}.${name} · ${platform.index.project}`;
    main.querySelector(".here")?.scrollIntoView({ block: "nearest", inline: "center" });
  };

  // The columns on a node's page.
  platform.columnsTable = (at, columns) => {
    const traced = columns.some((column) => column.from || column.into || column.unknown);
    const places = (label, list) => {
      if (!list?.length) return null;
      const shown = list.slice(0, 3).map(([other, name]) =>
        element("div", {}, element("span", { class: "path" }, `${label} `), element("a", { href: platform.columnAddress(other, name), class: "mono" }, platform.breakable(`${resources[other].name}.${name}`))));
      return [shown, list.length > 3 && element("div", { class: "path" }, element("a", { href: platform.columnAddress(at, list.self) }, `and ${list.length - 3} more`))];
    };
    const tested = columns.some((column) => column.tests), described = columns.some((column) => column.description || column.tags || column.meta);
    const heads = ["Column", ...(described ? ["Description"] : []), ...(tested ? ["Tests"] : []), ...(traced ? ["Lineage"] : [])];
    const name = ({ name: text, from, into }) => traced && (from || into) ? element("a", { href: platform.columnAddress(at, text) }, element("code", {}, platform.breakable(text))) : element("code", {}, platform.breakable(text));
    return platform.table(heads, columns.map((column) => [
      [name(column), column.data_type && element("div", { class: "path mono" }, column.data_type),
        (column.constraints || []).map((held) => element("div", { class: "held" }, held)),
        column.missing && element("div", { class: "held status-warn" }, "documented, not in the database")],
      ...(described ? [[column.description ? platform.prose(column.description) : null,
        column.tags && element("div", { class: "path" }, column.tags.map((tag) => `#${tag} `)),
        column.meta && element("div", { class: "path" }, Object.entries(column.meta).map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(" · "))]] : []),
      ...(tested ? [(column.tests || []).map((test) => element("div", { class: "test" }, platform.link(test, platform.testName(test))))] : []),
      ...(traced ? [element("div", { class: "ends" }, places("from", column.from && Object.assign([...column.from], { self: column.name })), places("into", column.into && Object.assign([...column.into], { self: column.name })), column.unknown && element("div", { class: "path" }, "partly unknown"))] : []),
    ]), "Columns");
  };
})();
