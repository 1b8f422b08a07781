// What every page needs: the index as lists and maps, elements, links, and details loaded as needed.
"use strict";
(() => {
  const { index, shards } = platform;
  const resources = index.resources;
  for (const resource of resources) resource.columns = resource.columns?.map((at) => index.columns[at]);
  const place = new Map(resources.map((resource, at) => [resource.id, at]));
  const parents = resources.map(() => []);
  const children = resources.map(() => []);
  for (const [from, to] of index.edges) {
    children[from].push(to);
    parents[to].push(from);
  }

  const KINDS = [
    ["source", "Sources"], ["seed", "Seeds"], ["model", "Models"], ["snapshot", "Snapshots"],
    ["exposure", "Exposures"], ["metric", "Metrics"], ["semantic_model", "Semantic models"],
    ["saved_query", "Saved queries"], ["function", "Functions"], ["analysis", "Analyses"], ["group", "Groups"],
    ["test", "Data tests"], ["unit_test", "Unit tests"], ["macro", "Macros"],
  ];
  const DRAWN = new Set(resources.flatMap((resource, at) => index.layout.places[at] ? [resource.kind] : []));
  const FAILED = new Set(["error", "fail", "runtime error", "partial success"]);

  // Elements from names, attributes and children; text is always text.
  function element(name, attributes = {}, ...content) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value != null && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...content.flat(3).filter((part) => part != null && part !== false));
    return made;
  }

  // Only for HTML that the generator made of markdown.
  function prose(html, className = "prose") {
    const made = element("div", { class: className });
    made.innerHTML = html;
    return made;
  }

  const address = (at) => `#!/${resources[at].kind}/${encodeURIComponent(resources[at].id)}`;
  const statusClass = (status) => `status-${(status || "none").split(" ")[0]}`;

  function seconds(value) {
    if (value == null) return "";
    if (value < 0.0995) return `${Math.max(1, Math.round(value * 1000))} ms`;
    if (value < 59.95) return `${value.toFixed(1)} s`;
    return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  }

  function moment(text) {
    const date = new Date(text);
    return isNaN(date) ? (text || "") : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }

  // How long ago, for people; the moment itself is in the title, and on paper.
  function ago(text) {
    const then = new Date(text), passed = (Date.now() - then) / 1000;
    if (isNaN(then)) return text || "";
    const [count, unit] = passed < 90 ? [Math.max(0, Math.round(passed)), "second"] : passed < 5400 ? [Math.round(passed / 60), "minute"]
      : passed < 129_600 ? [Math.round(passed / 3600), "hour"] : [Math.round(passed / 86_400), "day"];
    const short = { second: "s", minute: "min" }[unit];
    return element("time", { datetime: text, title: moment(text) }, passed < 0 ? moment(text) : `${short ? `${count} ${short}` : plural(count, unit)} ago`);
  }

  const bytes = (size) => size == null ? "" : size < 10_000 ? `${size.toLocaleString()} bytes` : size < 1e7 ? `${Math.round(size / 1000).toLocaleString()} kB` : size < 1e10 ? `${Math.round(size / 1e6).toLocaleString()} MB` : `${Math.round(size / 1e9).toLocaleString()} GB`;
  const rowsOf = ({ rows, about }) => rows == null ? "" : `${about ? "≈ " : ""}${rows.toLocaleString()}`;

  const plural = (number, noun) => `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;
  const dot = (className, title) => element("span", { class: `dot ${className}`, title });

  // A resource's status if it has one, else its kind, as a coloured dot; the title says it in words.
  function mark(at) {
    const { status, kind } = resources[at];
    return status ? dot(statusClass(status), status) : dot(`kind-${kind}`, kind.replace("_", " "));
  }

  const link = (at, text) => element("a", { href: address(at) }, mark(at), element("span", {}, text || resources[at].name));

  // `not_null` says more on a model's page than the test's whole name.
  function testName(at) {
    const resource = resources[at];
    const [, rest] = resource.id.split(/^(?:unit_)?test\.[^.]+\./);
    return resource.check || (rest || resource.name).replace(/\.[0-9a-f]{10}$/, "");
  }

  // Data are scripts, so that they load from disk as well as from a server.
  function load(path) {
    return new Promise((done, failed) => {
      const script = element("script", { src: path });
      script.onload = done;
      script.onerror = () => failed(new Error(`${path} could not be loaded`));
      document.head.append(script);
    });
  }
  async function shardOf(number) {
    if (!shards[number]) await load(`site/details/${number}.js`);
    return shards[number];
  }
  const detailOf = async (at) => (await shardOf(Math.floor(at / index.shard_size)))[at % index.shard_size];

  // A table that scrolls inside of itself; `#` before a head makes a column of numbers. On a phone each row is a
  // block with its heads beside it, but for tables of data, whose heads may be anything.
  function table(heads, rows, label, asBlocks = true) {
    const number = (at) => heads[at].startsWith("#") && "number";
    return element("div", { class: asBlocks ? "scroll stacked" : "scroll", tabindex: "0", role: "region", "aria-label": label || heads[0] },
      element("table", {},
        element("thead", {}, element("tr", {}, heads.map((head, at) =>
          element("th", { scope: "col", class: number(at) }, head.replace(/^#/, ""))))),
        element("tbody", {}, rows.map((row) => element("tr", {}, row.map((cell, at) =>
          element("td", { class: number(at), "data-head": asBlocks && at ? heads[at].replace(/^#/, "") || null : null }, cell)))))));
  }

  // A name that may break where its parts meet, and nowhere else.
  const breakable = (name) => name.split(/(?<=[_.])/).flatMap((part, at) => at ? [element("wbr"), part] : [part]);

  // What matters first, in large: a label, a value, what to know of it.
  const tile = (label, value, about, className, href) => element(href ? "a" : "div", { class: `tile ${className || ""}`, href },
    element("span", { class: "label" }, label), element("b", {}, value), element("span", { class: "about" }, about));
  const tiles = (list) => list.length ? element("div", { class: "tiles", style: `--n:${Math.min(6, list.length)};--m:${Math.min(3, list.length)}` }, list) : "";

  const section = (title, ...content) => [element("h2", {}, title), ...content.filter((part) => part != null && part !== false)];

  Object.assign(platform, {
    resources, place, parents, children, KINDS, DRAWN, FAILED, element, prose, address, statusClass, seconds, moment,
    ago, bytes, rowsOf, plural, dot, mark, link, testName, detailOf, load, table, breakable, tile, tiles, section,
  });
})();
