// Pages: the address after #! names one; what a page shows comes from the index and its shard of details.
"use strict";
(() => {
  const { index, shards } = platform;
  const resources = index.resources;
  const place = new Map(resources.map((resource, at) => [resource.id, at]));
  const parents = resources.map(() => []);
  const children = resources.map(() => []);
  for (const [from, to] of index.edges) { children[from].push(to); parents[to].push(from); }
  Object.assign(platform, { resources, place, parents, children });

  const KINDS = [
    ["source", "Sources"], ["seed", "Seeds"], ["model", "Models"], ["snapshot", "Snapshots"], ["exposure", "Exposures"],
    ["metric", "Metrics"], ["semantic_model", "Semantic models"], ["saved_query", "Saved queries"], ["function", "Functions"],
    ["analysis", "Analyses"], ["test", "Data tests"], ["unit_test", "Unit tests"], ["macro", "Macros"], ["operation", "Hooks"],
  ];

  // Elements from names, attributes and children; text is always text.
  const element = (name, attributes = {}, ...content) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value != null && value !== false) made.setAttribute(key, value === true ? "" : value);
    made.append(...content.flat().filter((part) => part != null && part !== false));
    return made;
  };
  // Only for HTML that the generator made of markdown.
  const prose = (html, className = "prose") => { const made = element("div", { class: className }); made.innerHTML = html; return made; };
  const address = (at) => `#!/${resources[at].kind}/${encodeURIComponent(resources[at].id)}`;
  const statusClass = (status) => `status-${(status || "none").split(" ")[0]}`;
  const seconds = (value) => value == null ? "" : value < 0.0995 ? `${Math.max(1, Math.round(value * 1000))} ms` : value < 59.95 ? `${value.toFixed(1)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  const moment = (text) => { const date = new Date(text); return isNaN(date) ? (text || "") : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }); };
  const link = (at, text) => element("a", { href: address(at) }, element("span", { class: `dot ${resources[at].status ? statusClass(resources[at].status) : `kind-${resources[at].kind}`}`, title: resources[at].status || resources[at].kind }), element("span", {}, text || resources[at].name));
  Object.assign(platform, { element, address, statusClass });

  // A shard is a script, so that it loads from disk as well as from a server.
  const shardOf = (number) => new Promise((done, failed) => {
    if (shards[number]) return done(shards[number]);
    const script = element("script", { src: `site/details/${number}.js` });
    script.onload = () => done(shards[number]);
    script.onerror = () => failed(new Error(`site/details/${number}.js could not be loaded`));
    document.head.append(script);
  });
  const detailOf = async (at) => (await shardOf(Math.floor(at / index.shard_size)))[at % index.shard_size];
  platform.allDetails = async () => {
    const details = [];
    for (let number = 0; number * index.shard_size < resources.length; number++) details.push(...await shardOf(number));
    return details;
  };

  // SQL with Jinja in it, in colours: one pass, the first alternative that matches wins.
  const KEYWORDS = "select|from|where|group|order|by|having|join|left|right|full|inner|outer|cross|lateral|on|using|as|with|recursive|union|all|except|intersect|distinct|case|when|then|else|end|and|or|not|in|is|null|true|false|like|ilike|between|exists|over|partition|rows|range|filter|limit|offset|insert|into|values|update|set|delete|create|replace|table|view|materialized|index|function|returns|language|begin|commit|cast|interval|date|timestamp|numeric|text|integer|bigint|boolean|asc|desc|nulls|first|last";
  const TOKENS = new RegExp(`(?<c>--[^\\n]*|/\\*[\\s\\S]*?\\*/|\\{#[\\s\\S]*?#\\})|(?<j>\\{\\{[\\s\\S]*?\\}\\}|\\{%[\\s\\S]*?%\\})|(?<s>'(?:[^']|'')*')|(?<n>\\b\\d+(?:\\.\\d+)?\\b)|(?<k>\\b(?:${KEYWORDS})\\b)`, "gi");
  const highlight = (code) => {
    const pre = element("pre", { tabindex: "0" });
    let last = 0;
    for (const match of code.matchAll(TOKENS)) {
      pre.append(code.slice(last, match.index));
      const kind = Object.keys(match.groups).find((name) => match.groups[name] != null);
      pre.append(element("span", { class: kind }, match[0]));
      last = match.index + match[0].length;
    }
    pre.append(code.slice(last));
    return pre;
  };

  const table = (heads, rows) => element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" }, element("table", {},
    element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col", class: head.startsWith("#") && "number" }, head.replace(/^#/, ""))))),
    element("tbody", {}, rows.map((row) => element("tr", {}, row.map((cell, at) => element("td", { class: heads[at].startsWith("#") && "number" }, cell)))))));

  const section = (title, ...content) => [element("h2", {}, title), ...content];

  function columnsTable(columns) {
    const typed = columns.some((column) => column.data_type);
    const traced = columns.some((column) => column.from || column.into || column.unknown);
    const places = (label, list) => list?.length ? element("div", {}, element("span", { class: "path" }, `${label} `), list.slice(0, 12).flatMap(([at, name], number) => [number ? ", " : "", element("a", { href: address(at), class: "mono" }, `${resources[at].name}.${name}`)]), list.length > 12 && ` and ${list.length - 12} more`) : null;
    const heads = ["Column", typed ? "Type" : "", "Description", "Tests", ...(traced ? ["Lineage"] : [])];
    return table(heads, columns.map((column) => [
      [element("code", {}, column.name), column.missing && element("div", { class: "path" }, "documented, not in the database")],
      element("code", {}, column.data_type),
      [prose(column.description), (column.tags || []).length ? element("div", { class: "path" }, column.tags.join(", ")) : null],
      (column.tests || []).map((at) => element("div", {}, link(at, testName(at)))),
      ...(traced ? [[places("from", column.from), places("into", column.into), column.unknown && element("div", { class: "path" }, "partly unknown")].filter(Boolean)] : []),
    ]));
  }
  const testName = (at) => { const [, rest] = resources[at].id.split(/^(?:unit_)?test\.[^.]+\./); return (rest || resources[at].name).replace(/\.[0-9a-f]{10}$/, ""); };

  function codeSection(detail) {
    const versions = [["Source", detail.raw_code], ["Compiled", detail.compiled_code]].filter(([, code]) => code);
    if (!versions.length) return [];
    const body = element("div", {}, highlight(versions[0][1]));
    const buttons = versions.map(([name, code], at) => {
      const button = element("button", { class: "button", "aria-pressed": String(at === 0) }, name);
      button.onclick = () => { body.replaceChildren(highlight(code)); buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button))); };
      return button;
    });
    const copy = element("button", { class: "button" }, "Copy");
    copy.onclick = () => navigator.clipboard?.writeText(body.innerText).then(() => { copy.textContent = "Copied"; setTimeout(() => { copy.textContent = "Copy"; }, 1200); });
    return [element("div", { class: "tabs" }, element("h2", {}, "SQL"), ...(buttons.length > 1 ? buttons : []), copy), body];
  }

  function historySection(history) {
    const longest = Math.max(...history.map((run) => run.seconds), 0.001);
    return section("Runs",
      element("div", { class: "chart", role: "img", "aria-label": `${history.length} runs, the last took ${seconds(history.at(-1).seconds)}` },
        history.slice(-60).map((run) => element("i", { class: statusClass(run.status), style: `height:${Math.max(5, 100 * run.seconds / longest)}%`, title: `${moment(run.at)}: ${run.status}, ${seconds(run.seconds)}${run.rows == null ? "" : `, ${run.rows.toLocaleString()} rows`}` }))),
      element("p", { class: "path" }, `${history.length} runs, longest ${seconds(longest)}; last ${moment(history.at(-1).at)}`));
  }

  async function resourcePage(at, main) {
    const resource = resources[at];
    const detail = await detailOf(at);
    const chips = [
      element("li", { class: `chip kind kind-${resource.kind}` }, resource.kind.replace("_", " ")),
      resource.materialized && resource.materialized !== resource.kind && element("li", { class: "chip" }, resource.materialized),
      resource.relation && element("li", { class: "chip mono" }, resource.relation),
      ...(resource.tags || []).map((tag) => element("li", { class: "chip" }, `#${tag}`)),
      resource.status && element("li", { class: "chip" }, element("span", { class: `dot ${statusClass(resource.status)}`, style: "display:inline-block;margin-right:6px" }), `${resource.status}${resource.seconds ? ` in ${seconds(resource.seconds)}` : ""}`),
    ];
    const visible = (list) => list.filter((other) => !["test", "unit_test", "operation"].includes(resources[other].kind));
    const up = visible(parents[at]), down = visible(children[at]);
    const failed = ["error", "fail", "warn", "runtime error"].includes(resource.status);
    main.replaceChildren(
      element("div", { class: "path" }, `${resource.package} / ${resource.path}`),
      element("h1", {}, resource.name),
      element("ul", { class: "chips", style: "margin-bottom:18px" }, chips.filter(Boolean)),
      detail.description ? prose(detail.description) : element("p", { class: "lead" }, ["test", "unit_test", "operation", "macro"].includes(resource.kind) ? "" : "No description yet."),
      failed && detail.message ? element("div", { class: `notice ${statusClass(resource.status)}` }, detail.message) : "",
      ...(detail.sample ? section("Rows that failed", table(detail.sample[0].map(String), detail.sample.slice(1).map((row) => row.map((cell) => cell ?? element("span", { class: "path" }, "null"))))) : []),
      ...(detail.facts ? section("Facts", element("dl", { class: "facts" }, detail.facts.flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, value)]))) : []),
      ...(detail.columns ? section(`Columns (${detail.columns.length})`, columnsTable(detail.columns)) : []),
      ...(up.length || down.length ? section("Lineage", lineageInset(at)) : []),
      ...(up.length || down.length ? [element("div", { class: "columns2" }, element("div", {}, section(`Depends on (${up.length})`, element("ul", { class: "links", style: "columns:1" }, up.map((other) => element("li", {}, link(other)))))), element("div", {}, section(`Used by (${down.length})`, element("ul", { class: "links", style: "columns:1" }, down.map((other) => element("li", {}, link(other)))))))] : []),
      ...(detail.tests ? section(`Tests (${detail.tests.length})`, element("ul", { class: "links" }, detail.tests.map((test) => element("li", {}, link(test, testName(test)))))) : []),
      ...(detail.history ? historySection(detail.history) : []),
      ...(detail.loads ? section("Loads", table(["File", "Business date", "When", "#Loaded", "#Quarantined", "State"], detail.loads.map((load) => [element("code", {}, load.file), load.business_date || "", moment(load.at), load.loaded.toLocaleString(), load.quarantined.toLocaleString(), load.state]))) : []),
      ...(detail.incidents ? section("Incidents", table(["#", "About", "What happened", "When", "State"], detail.incidents.map((incident) => [String(incident.id), incident.subject, incident.what, moment(incident.at), incident.state]))) : []),
      ...(detail.meta ? section("Meta", highlight(JSON.stringify(detail.meta, null, 2))) : []),
      ...codeSection(detail),
      ...(detail.macros ? section("Macros used", element("ul", { class: "links" }, detail.macros.map((other) => element("li", {}, link(other))))) : []),
    );
    document.title = `${resource.name} · ${index.project}`;
    platform.drawInset?.();
  }

  function lineageInset(at) {
    const box = element("div", { id: "lineage", class: "inset", "data-focus": resources[at].id });
    return element("div", {}, box, element("p", { class: "path" }, element("a", { href: `#!/lineage?focus=${encodeURIComponent(resources[at].id)}` }, "Open in full")));
  }

  function overviewPage(main) {
    const count = (kind) => resources.filter((resource) => resource.kind === kind && !resource.hidden).length;
    const run = index.run;
    const bad = resources.map((resource, at) => at).filter((at) => ["error", "fail", "runtime error"].includes(resources[at].status));
    const warned = resources.map((resource, at) => at).filter((at) => resources[at].status === "warn");
    main.replaceChildren(
      element("div", { class: "path" }, `Written ${moment(index.generated_at)}`),
      index.overview ? "" : element("h1", {}, index.project),
      ...(run ? [element("div", { class: `notice ${bad.length ? "status-error" : warned.length ? "status-warn" : "status-success"}` },
        `Last ${run.command || "run"}: ${Object.entries(run.totals).map(([status, number]) => `${number} ${status}`).join(", ")} in ${seconds(run.seconds)}, ${moment(run.at)}`)] : []),
      element("div", { class: "cards" }, KINDS.filter(([kind]) => count(kind) && kind !== "operation").map(([kind, label]) => element("a", { class: "card", href: `#!/list?kind=${kind}` }, element("b", {}, count(kind).toLocaleString()), element("span", {}, label)))),
      ...(bad.length ? section("Needs attention", element("ul", { class: "links" }, bad.map((at) => element("li", {}, link(at))))) : []),
      ...(warned.length ? section("Warnings", element("ul", { class: "links" }, warned.map((at) => element("li", {}, link(at))))) : []),
      prose(index.overview),
    );
    document.title = index.project;
  }

  function listPage(kind, main) {
    const label = (KINDS.find(([name]) => name === kind) || [kind, kind])[1];
    const found = resources.map((resource, at) => at).filter((at) => resources[at].kind === kind && !resources[at].hidden);
    main.replaceChildren(element("h1", {}, label), element("p", { class: "lead" }, `${found.length.toLocaleString()} in this project`),
      table(["Name", "Description", "Status", "#Time"], found.map((at) => [link(at), resources[at].summary || "", resources[at].status || "", seconds(resources[at].seconds)])));
    document.title = `${label} · ${index.project}`;
  }

  // Folders of the project as a tree; sources by source, the rest by path. Drawn when opened.
  function tree(entries, depth) {
    const folders = new Map(), leaves = [];
    for (const entry of entries) {
      if (entry.steps.length > depth) { const name = entry.steps[depth]; if (!folders.has(name)) folders.set(name, []); folders.get(name).push(entry); } else leaves.push(entry);
    }
    return [
      ...[...folders].sort(([a], [b]) => a.localeCompare(b)).map(([name, inside]) => branch(name, inside, depth + 1)),
      ...leaves.sort((a, b) => a.name.localeCompare(b.name)).map((leaf) => { const made = link(leaf.at, leaf.name); made.dataset.at = leaf.at; return made; }),
    ];
  }
  function branch(name, entries, depth, open) {
    const body = element("div", {});
    const made = element("details", { open }, element("summary", {}, name, " ", element("span", { class: "count" }, entries.length)), body);
    const fill = () => { if (!body.firstChild) body.append(...tree(entries, depth)); };
    made.addEventListener("toggle", fill);
    made.reveal = (at) => { if (!entries.some((entry) => entry.at === at)) return; made.open = true; fill(); [...body.children].forEach((child) => child.reveal?.(at)); };
    if (open) fill();
    return made;
  }
  function drawNavigation() {
    const nav = document.getElementById("nav");
    nav.replaceChildren(...KINDS.filter(([kind]) => kind !== "operation").map(([kind, label]) => {
      const entries = resources.map((resource, at) => ({ resource, at })).filter(({ resource }) => resource.kind === kind && !resource.hidden).map(({ resource, at }) => {
        const folders = kind === "source" ? [resource.name.split(".")[0]] : resource.path.split("/").slice(0, -1).slice(1);
        return { at, name: kind === "source" ? resource.name.split(".").slice(1).join(".") : kind === "test" ? testName(at) : resource.name, steps: kind === "test" || kind === "macro" ? [] : folders };
      });
      return entries.length ? branch(label, entries, 0, ["model", "source"].includes(kind) && entries.length < 200) : null;
    }).filter(Boolean));
  }

  async function show() {
    const main = document.getElementById("main");
    const [path, query] = decodeURI(location.hash.replace(/^#!?\/?/, "")).split("?");
    const wanted = new URLSearchParams(query || "");
    const [page, ...rest] = path.split("/");
    const id = decodeURIComponent(rest.join("/"));
    main.className = page === "lineage" ? "wide" : "";
    document.getElementById("nav").classList.remove("open");
    document.getElementById("menu").setAttribute("aria-expanded", "false");
    try {
      if (page === "lineage") platform.lineagePage(main, wanted);
      else if (page === "list") listPage(wanted.get("kind"), main);
      else if (place.has(id)) await resourcePage(place.get(id), main);
      else if (!page || page === "overview") overviewPage(main);
      else main.replaceChildren(element("h1", {}, "Not found"), element("p", {}, `There is no ${page} with the id ${id}. It may have been renamed since this link was made.`));
    } catch (error) {
      main.replaceChildren(element("div", { class: "notice status-error" }, `${error.message}. Is the whole folder there?`));
    }
    document.querySelectorAll("nav [aria-current]").forEach((entry) => entry.removeAttribute("aria-current"));
    if (place.has(id)) {
      [...document.getElementById("nav").children].forEach((child) => child.reveal?.(place.get(id)));
      const entry = document.querySelector(`nav a[data-at="${place.get(id)}"]`);
      entry?.setAttribute("aria-current", "page");
      entry?.scrollIntoView({ block: "nearest" });
    }
    scrollTo(0, 0);
  }

  platform.start = () => {
    const stored = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
    const setTheme = (theme) => { document.documentElement.dataset.theme = theme; };
    const system = matchMedia("(prefers-color-scheme: dark)");
    setTheme(stored || (system.matches ? "dark" : "light"));
    system.addEventListener("change", (event) => { if (!stored) setTheme(event.matches ? "dark" : "light"); });
    document.getElementById("theme").onclick = () => {
      setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
      try { localStorage.setItem("theme", document.documentElement.dataset.theme); } catch { /* private windows have no storage */ }
      platform.drawInset?.();
    };
    const menu = document.getElementById("menu");
    menu.onclick = () => menu.setAttribute("aria-expanded", String(document.getElementById("nav").classList.toggle("open")));
    document.getElementById("brand").textContent = index.project;
    drawNavigation();
    platform.startSearch();
    addEventListener("hashchange", show);
    show();
  };
})();
