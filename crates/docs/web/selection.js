// Which nodes a lineage shows: dbt's graph operators on names and methods, and filters.
"use strict";
(() => {
  const { index, resources, parents, children } = platform;
  const isDrawn = (at) => index.layout.places[at] != null;

  function reach(edges, start, steps) {
    const seen = new Set(start);
    for (let frontier = [...start], step = 0; frontier.length && step < steps; step++) {
      const next = [];
      for (const at of frontier) {
        for (const other of edges[at]) {
          if (!seen.has(other)) {
            seen.add(other);
            next.push(other);
          }
        }
      }
      frontier = next;
    }
    return seen;
  }

  const METHODS = {
    tag: (resource, test) => (resource.tags || []).some(test),
    package: (resource, test) => test(resource.package),
    source: (resource, test) => resource.kind === "source" && (test(resource.name) || test(resource.name.split(".")[0])),
    exposure: (resource, test) => resource.kind === "exposure" && test(resource.id.split(".").at(-1)),
    resource_type: (resource, test) => test(resource.kind),
    group: (resource, test) => resource.group != null && test(resource.group),
    path: (resource, test) => test(resource.path) || resource.path.split("/").some((_, at, steps) => test(steps.slice(0, at).join("/"))),
    result: (resource, test) => resource.status != null && test(resource.status),
    "config.materialized": (resource, test) => resource.materialized != null && test(resource.materialized),
  };

  function matcher(text) {
    const colon = text.indexOf(":");
    const method = colon > 0 && METHODS[text.slice(0, colon)];
    const wanted = method ? text.slice(colon + 1) : text;
    const pattern = new RegExp(`^${wanted.replace(/[.+^${}()|[\]\\?]/g, "\\$&").replace(/\*/g, ".*")}$`, "i");
    const test = (value) => pattern.test(value);
    if (method) return (resource) => method(resource, test);
    return (resource) => test(resource.name) || resource.id === wanted || (resource.kind !== "source" && test(resource.id.split(".").at(-1)));
  }

  function one(part) {
    const [, up, name, down] = part.match(/^(\d*\+|@)?(.*?)(\+\d*)?$/);
    const matches = matcher(name);
    const start = new Set(resources.flatMap((resource, at) => isDrawn(at) && matches(resource) ? [at] : []));
    const steps = (text, digits) => text == null ? 0 : digits === "" ? Infinity : Number(digits);
    if (up === "@") return reach(parents, reach(children, start, Infinity), Infinity);
    const found = reach(parents, start, steps(up, up?.slice(0, -1)));
    reach(children, start, steps(down, down?.slice(1))).forEach((at) => found.add(at));
    return found;
  }

  const drawn = (found) => [...found].filter(isDrawn).sort((a, b) => a - b);

  // `2+orders`, `orders+`, `@orders`, `tag:daily`; a comma intersects, a blank unites.
  platform.select = (expression) => {
    const found = new Set();
    for (const union of expression.split(/\s+/).filter(Boolean)) {
      const [first, ...others] = union.split(",").filter(Boolean).map(one);
      for (const at of first || []) if (others.every((other) => other.has(at))) found.add(at);
    }
    return drawn(found);
  };
  platform.everything = () => drawn(resources.keys());
  platform.around = (at, steps) => drawn(new Set([...reach(parents, [at], steps), ...reach(children, [at], steps)]));
})();
