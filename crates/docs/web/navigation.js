// The tree beside the pages: sources by source, the rest by folder, a branch drawn when it is opened.
"use strict";
(() => {
  const { resources, KINDS, element, link, testName } = platform;

  function tree(entries, depth) {
    const folders = new Map(), leaves = [];
    for (const entry of entries) {
      const name = entry.steps[depth];
      if (name == null) leaves.push(entry);
      else if (folders.has(name)) folders.get(name).push(entry);
      else folders.set(name, [entry]);
    }
    // A folder that is alone says nothing: its content stands in its place.
    if (folders.size === 1 && !leaves.length) return tree(entries, depth + 1);
    return [
      ...[...folders].sort(([a], [b]) => a.localeCompare(b)).map(([name, inside]) => branch(name, inside, depth + 1)),
      ...leaves.sort((a, b) => a.name.localeCompare(b.name)).map((leaf) => {
        const made = link(leaf.at, leaf.name);
        made.dataset.at = leaf.at;
        return made;
      }),
    ];
  }

  function branch(name, entries, depth, open) {
    const body = element("div", {});
    const count = element("span", { class: "count" }, entries.length.toLocaleString());
    const made = element("details", { open }, element("summary", {}, name, " ", count), body);
    const fill = () => { if (!body.firstChild) body.append(...tree(entries, depth)); };
    made.addEventListener("toggle", fill);
    made.reveal = (at) => {
      if (!entries.some((entry) => entry.at === at)) return;
      made.open = true;
      fill();
      [...body.children].forEach((child) => child.reveal?.(at));
    };
    if (open) fill();
    return made;
  }

  function entry(at) {
    const resource = resources[at];
    if (resource.kind === "source") {
      const [source, ...table] = resource.name.split(".");
      return { at, name: table.join("."), steps: [source] };
    }
    if (resource.kind === "test" || resource.kind === "unit_test") return { at, name: resource.kind === "test" && resource.check ? resource.name : testName(at), steps: [] };
    const folders = resource.path.split("/").slice(0, -1);
    return { at, name: resource.name, steps: resource.kind === "macro" || resource.kind === "group" ? [resource.package] : [resource.package, ...folders] };
  }

  platform.drawNavigation = () => {
    const byKind = new Map();
    resources.forEach((resource, at) => {
      if (resource.hidden) return;
      if (!byKind.has(resource.kind)) byKind.set(resource.kind, []);
      byKind.get(resource.kind).push(at);
    });
    const top = [["Overview", "#!/overview"], ["Lineage", "#!/lineage"]].map(([name, href]) => element("a", { href }, name));
    document.getElementById("nav").replaceChildren(...top, ...KINDS.filter(([kind]) => byKind.has(kind)).map(([kind, label]) => {
      const entries = byKind.get(kind).map(entry);
      return branch(label, entries, 0, ["model", "source"].includes(kind) && entries.length < 200);
    }));
  };

  platform.markCurrent = (at) => {
    const nav = document.getElementById("nav");
    nav.querySelectorAll("[aria-current]").forEach((current) => current.removeAttribute("aria-current"));
    if (at == null) return;
    [...nav.children].forEach((child) => child.reveal?.(at));
    const current = nav.querySelector(`a[data-at="${at}"]`);
    current?.setAttribute("aria-current", "page");
    current?.scrollIntoView({ block: "nearest" });
  };
})();
