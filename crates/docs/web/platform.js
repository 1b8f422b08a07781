// What every page needs: the index as lists and maps, elements, links, and details loaded as needed.
"use strict";
(() => {
  const { index, shards } = platform;
  const resources = index.resources;
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

  // A shard is a script, so that it loads from disk as well as from a server.
  function shardOf(number) {
    return new Promise((done, failed) => {
      if (shards[number]) return done(shards[number]);
      const script = element("script", { src: `site/details/${number}.js` });
      script.onload = () => done(shards[number]);
      script.onerror = () => failed(new Error(`site/details/${number}.js could not be loaded`));
      document.head.append(script);
    });
  }
  const detailOf = async (at) => (await shardOf(Math.floor(at / index.shard_size)))[at % index.shard_size];

  async function allDetails() {
    const details = [];
    for (let number = 0; number * index.shard_size < resources.length; number++) details.push(...await shardOf(number));
    return details;
  }

  // A table that scrolls inside of itself; `#` before a head makes a column of numbers.
  function table(heads, rows, label) {
    const number = (at) => heads[at].startsWith("#") && "number";
    return element("div", { class: label === "Columns" ? "scroll stacked" : "scroll", tabindex: "0", role: "region", "aria-label": label || heads[0] },
      element("table", {},
        element("thead", {}, element("tr", {}, heads.map((head, at) =>
          element("th", { scope: "col", class: number(at) }, head.replace(/^#/, ""))))),
        element("tbody", {}, rows.map((row) => element("tr", {}, row.map((cell, at) =>
          element("td", { class: number(at) }, cell)))))));
  }

  const section = (title, ...content) => [element("h2", {}, title), ...content];

  Object.assign(platform, {
    resources, place, parents, children, KINDS, DRAWN, FAILED, element, prose, address, statusClass, seconds, moment,
    plural, dot, mark, link, testName, detailOf, allDetails, table, section,
  });
})();
