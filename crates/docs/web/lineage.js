// The lineage page: what to show, filters, the graph or the same as a list; and the small one on a page.
"use strict";
(() => {
  const { resources, place, parents, children, DRAWN, element, address, link, table, plural } = platform;
  const FILTERS = [
    ["kind", "All types", (resource) => [resource.kind]],
    ["package", "All packages", (resource) => [resource.package]],
    ["tag", "All tags", (resource) => resource.tags || []],
    ["status", "Any status", (resource) => [resource.status || "not run"]],
  ];

  function picker(name, every, valuesOf, wanted) {
    const values = new Set(resources.filter((resource) => DRAWN.has(resource.kind)).flatMap(valuesOf));
    if (values.size < 2 && !wanted.get(name)) return null;
    return element("select", { name, "aria-label": every },
      element("option", { value: "" }, every),
      [...values].sort().map((value) => element("option", { value, selected: value === wanted.get(name) }, value.replace("_", " "))));
  }

  function legend() {
    const item = (className, text) => element("span", {}, element("i", { class: `dot ${className}` }), text);
    const kinds = ["source", "seed", "model", "snapshot", "exposure"].filter((kind) => DRAWN.has(kind));
    return element("div", { class: "legend", "aria-hidden": "true" },
      kinds.map((kind) => item(`kind-${kind}`, kind)),
      item("status-success", "built"), item("status-warn", "warned"), item("status-error", "failed"), item("status-none", "not run"));
  }

  function list(nodes) {
    const inside = new Set(nodes);
    const names = (places) => places.filter((at) => inside.has(at)).flatMap((at, number) => [number ? ", " : "", element("a", { href: address(at) }, resources[at].name)]);
    const byPlace = [...nodes].sort((a, b) => {
      const [left, right] = [platform.index.layout.places[a], platform.index.layout.places[b]];
      return left[0] - right[0] || left[1] - right[1];
    });
    return table(["Node", "Type", "Last run", "Reads", "Read by"],
      byPlace.map((at) => [link(at), resources[at].kind.replace("_", " "), resources[at].status || "", names(parents[at]), names(children[at])]), "Nodes of the lineage");
  }

  platform.lineagePage = (main, wanted) => {
    const focus = wanted.get("focus");
    // `g_v=1&g_i=…` is how dbt's own page writes a selection.
    const typed = wanted.get("select") ?? wanted.get("g_i") ?? (focus ? `2+${focus}+2` : "");
    const byStatus = wanted.get("colour") === "status", asList = wanted.get("view") === "list";
    let nodes = typed ? platform.select(typed) : platform.everything();
    const without = wanted.get("exclude") ?? wanted.get("g_e");
    if (without) {
      const left = new Set(platform.select(without));
      nodes = nodes.filter((at) => !left.has(at));
    }
    for (const [name, , valuesOf] of FILTERS) {
      const value = wanted.get(name);
      if (value) nodes = nodes.filter((at) => valuesOf(resources[at]).includes(value));
    }
    const input = element("input", { name: "select", value: typed, placeholder: "2+orders+1 tag:daily", "aria-label": "Select nodes", spellcheck: "false", autocomplete: "off" });
    const pickers = FILTERS.map((filter) => picker(...filter, wanted)).filter(Boolean);
    const go = (change = {}) => {
      const next = new URLSearchParams();
      const known = { select: input.value, exclude: without, colour: byStatus && "status", view: asList && "list", ...Object.fromEntries(pickers.map((made) => [made.name, made.value])), ...change };
      for (const [name, value] of Object.entries(known)) if (value) next.set(name, value);
      location.hash = `#!/lineage${next.size ? `?${String(next).replaceAll("+", "%20")}` : ""}`;
    };
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
    pickers.forEach((made) => made.addEventListener("change", () => go()));
    const button = (text, pressed, act) => element("button", { class: "button", "aria-pressed": String(pressed), onclick: act }, text);
    const bar = element("div", { class: "bar" }, input, pickers,
      button("Last run", byStatus, () => go({ colour: byStatus ? "" : "status" })),
      button("List", asList, () => go({ view: asList ? "" : "list" })),
      element("a", { class: "button", href: "#!/lineage" }, "Everything"),
      element("span", { class: "hint" }, plural(nodes.length, "node")));
    const box = element("div", { id: "lineage", class: asList && "list" }, bar);
    main.replaceChildren(element("h1", { class: "outside" }, "Lineage"), box);
    document.title = `Lineage · ${platform.index.project}`;
    platform.shown = null;
    if (!nodes.length) {
      box.append(element("p", { class: "notice nothing" }, `Nothing matches “${typed || "these filters"}”. Names may have * in them; + and a number say how far to go; a blank adds, a comma narrows.`));
    } else if (asList) {
      box.append(list(nodes));
    } else {
      const middle = focus != null ? place.get(focus) : typed ? nodes.find((at) => typed.includes(resources[at].name)) : undefined;
      platform.shown = platform.graph(box, nodes, { focus: middle, byStatus, open: (at) => { location.hash = address(at); } });
      const zoom = (label, text, act) => element("button", { class: "button", "aria-label": label, onclick: act }, text);
      box.append(element("div", { class: "zoom" },
        zoom("Zoom in", "+", () => platform.shown.zoom(1.25)),
        zoom("Zoom out", "−", () => platform.shown.zoom(0.8)),
        zoom("Show all", "⤢", () => { platform.shown.fit(); platform.shown.ask(); })), legend());
    }
  };

  // Two steps around a node, on its page.
  platform.inset = (at) => {
    const box = element("div", { id: "lineage", class: "inset" });
    box.style.height = "160px";
    const far = platform.around(at, 2), nodes = far.length > 40 ? platform.around(at, 1) : far;
    const more = element("a", { href: `#!/lineage?focus=${encodeURIComponent(resources[at].id)}` }, "Open in full");
    const all = element("a", { href: `#!/lineage?select=${encodeURIComponent(`+${resources[at].id}+`)}` }, "everything up and down");
    return {
      content: element("div", {}, box, element("p", { class: "path" }, more, ", or ", all)),
      // The canvas needs its size, so it is drawn once the page stands.
      draw: () => { platform.shown = platform.graph(box, nodes.includes(at) ? nodes : [at], { focus: at, inset: box, open: (other) => { location.hash = address(other); } }); },
    };
  };
})();
