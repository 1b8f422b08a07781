// The page of a resource: what it is today first, then what it says, where it stands, what was tested, its code.
"use strict";
(() => {
  const {
    index, resources, parents, children, FAILED, element, prose, address, statusClass, seconds, moment, ago, bytes, rowsOf, plural,
    link, detailOf, table, tile, tiles, section, highlight, chart, cells, testsTable, incidentsTable, definitions,
  } = platform;
  const ASIDE = new Set(["test", "unit_test", "operation"]);
  const isTest = (at) => resources[at].kind === "test" || resources[at].kind === "unit_test";

  function codeSection(detail, kind) {
    const versions = [["Source", detail.raw_code], ["Compiled", detail.compiled_code]].filter(([, code]) => code);
    if (!versions.length) return [];
    const body = element("div", {}, highlight(versions[0][1], "Source"));
    const buttons = versions.map(([name, code], at) => element("button", {
      class: "button", "aria-pressed": String(at === 0),
      onclick: () => {
        body.replaceChildren(highlight(code, name));
        buttons.forEach((other, place) => other.setAttribute("aria-pressed", String(place === at)));
      },
    }, name));
    const copy = element("button", { class: "button", onclick: () => navigator.clipboard?.writeText(body.textContent).then(() => {
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1200);
    }) }, "Copy");
    return [element("div", { class: "tabs" }, element("h2", { id: "code" }, kind === "macro" ? "Macro" : "Code"), buttons.length > 1 ? buttons : null, copy), body];
  }

  const links = (list) => element("ul", { class: "links" }, list.map((at) => element("li", {}, link(at))));
  const side = (title, list) => element("div", {}, section(`${title} (${list.length.toLocaleString()})`, !list.length ? element("p", { class: "path" }, "Nothing.") : list.length > 60
    ? element("details", { class: "more" }, element("summary", {}, `All ${list.length.toLocaleString()}`), links(list))
    : links(list)));

  function chips(resource) {
    const chip = (...content) => element("li", { class: "chip" }, content);
    const { kind, materialized, relation, tags, group } = resource;
    const found = group ? resources.findIndex((other) => other.kind === "group" && other.name === group) : -1;
    return element("ul", { class: "chips", "aria-label": "In short" },
      element("li", { class: `chip kind kind-${kind}` }, kind.replace("_", " ")),
      materialized && materialized !== kind && chip(materialized),
      relation && element("li", { class: "chip mono" }, relation),
      group && chip("group ", found >= 0 ? element("a", { href: address(found) }, group) : group),
      (tags || []).map((tag) => chip(element("a", { href: `#!/lineage?select=${encodeURIComponent(`tag:${tag}`)}` }, `#${tag}`))));
  }

  // How many more or fewer rows than the run before.
  function difference(history) {
    const rows = (history || []).filter((run) => run.status === "success" && run.rows != null).map((run) => run.rows);
    if (rows.length < 2) return "";
    const change = rows.at(-1) - rows.at(-2);
    return change ? `${change > 0 ? "+" : "−"}${Math.abs(change).toLocaleString()} since the run before` : "as many as the run before";
  }

  function today(at, detail) {
    const resource = resources[at], { status, kind } = resource, list = [];
    const ran = status && kind !== "source";
    if (ran) list.push(tile(ASIDE.has(kind) ? "Last result" : "Last run", status, [resource.at ? ago(resource.at) : "", resource.seconds ? `${resource.at ? ", " : ""}took ${seconds(resource.seconds)}` : ""], statusClass(status)));
    if (resource.failures) list.push(tile("Failed rows", resource.failures.toLocaleString(), detail.sample ? "the first of them below" : "", statusClass(status)));
    if (kind === "source" && resource.newest) list.push(tile("Newest data", ago(resource.newest), status ? `freshness: ${status}` : "freshness is not asked", status ? statusClass(status) : ""));
    if (detail.loads) {
      const [last] = detail.loads;
      list.push(tile("Last load", last.state === "loaded" ? `${last.loaded.toLocaleString()} rows` : last.state, [last.quarantined ? `${last.quarantined.toLocaleString()} in quarantine, ` : "none in quarantine, ", ago(last.at)], last.state === "failed" ? "status-error" : last.quarantined ? "status-warn" : "status-success"));
    }
    if (resource.rows != null && !ASIDE.has(kind)) list.push(tile("Rows", rowsOf(resource), [(!resource.about && difference(detail.history)) || (resource.bytes != null ? bytes(resource.bytes) : "")]));
    if (detail.tests) {
      const of = (wanted) => detail.tests.filter((test) => wanted(resources[test].status)).length;
      const bad = of((it) => FAILED.has(it)), warned = of((it) => it === "warn"), good = of((it) => it === "pass");
      const rest = detail.tests.length - bad - warned - good;
      if (bad + warned + good) list.push(tile("Tests passed", [good.toLocaleString(), element("small", {}, ` of ${detail.tests.length.toLocaleString()}`)], [bad && `${bad} failed`, warned && `${warned} warned`, rest && `${rest} not run`].filter(Boolean).join(", ") || "none failed", bad ? "status-error" : warned ? "status-warn" : "status-success"));
      else list.push(tile("Tests", detail.tests.length.toLocaleString(), "not run yet"));
    }
    if (resource.open != null) list.push(tile("Open alerts", resource.open.toLocaleString(), detail.incidents ? ["newest ", ago(detail.incidents[0].at)] : "", resource.open ? "status-error" : "status-success"));
    return tiles(list);
  }

  const versionsLine = (at, versions) => element("p", { class: "path" }, "Versions: ", versions.flatMap(([place, name], number) => [number ? ", " : "", place === at ? element("b", {}, name) : element("a", { href: address(place) }, name)]));
  const fixtures = (list) => list.flatMap(({ label, rows, text }) => section(label, rows ? cells(rows, label) : text ? highlight(text, label) : element("p", { class: "path" }, "No rows.")));
  const loads = (list) => table(["File", "Business date", "When", "#Loaded", "#In quarantine", "State"], list.map((load) =>
    [element("code", {}, platform.breakable(load.file)), load.business_date || "", moment(load.at), load.loaded.toLocaleString(), load.quarantined ? load.quarantined.toLocaleString() : "0", [platform.state({ loaded: "success", failed: "error" }[load.state] || load.state), load.error && element("div", { class: "said" }, load.error)]]), "Loads");

  platform.resourcePage = async (at, main) => {
    const resource = resources[at], { kind } = resource, detail = await detailOf(at);
    const visible = (list) => list.filter((other) => !ASIDE.has(resources[other].kind));
    const up = visible(parents[at]), down = visible(children[at]);
    const bad = FAILED.has(resource.status) || resource.status === "warn";
    const inset = platform.DRAWN.has(kind) && up.length + down.length ? platform.inset(at) : null;
    const members = kind === "group" ? resources.flatMap((other, place) => other.group === resource.name && !ASIDE.has(other.kind) ? [place] : []) : [];
    const callers = [...new Set(detail.callers || [])];
    main.replaceChildren(
      element("div", { class: "path" }, element("a", { href: `#!/overview/${encodeURIComponent(resource.package)}` }, resource.package), ` / ${resource.path}`),
      element("h1", {}, platform.breakable(kind === "test" ? platform.testName(at) : resource.name), isTest(at) && resource.on && element("small", {}, " ", resource.on)),
      chips(resource),
      today(at, detail),
      ...(detail.message && bad ? [element("div", { class: `notice ${statusClass(resource.status)}` }, detail.message)] : []),
      ...(detail.sample ? section("Rows that failed", cells(detail.sample)) : []),
      detail.description ? prose(detail.description, "prose about") : ASIDE.has(kind) || kind === "macro" ? "" : element("p", { class: "lead" }, "No description yet."),
      detail.versions ? versionsLine(at, detail.versions) : "",
      ...(detail.incidents ? section(`Last incidents (${detail.incidents.length})`, platform.firstOf(detail.incidents, 10, (list) => incidentsTable(list))) : []),
      ...(detail.rule ? section("Alert rule", definitions(detail.rule)) : []),
      ...(detail.arguments ? section("Arguments", table(["Name", "Type", "Description"], detail.arguments.map((one) => [element("code", {}, one.name), one.kind || "", prose(one.description)]))) : []),
      ...(detail.facts ? section("Facts", definitions(detail.facts)) : []),
      ...(detail.columns ? section(`Columns (${detail.columns.length})`, platform.columnsTable(at, detail.columns)) : []),
      ...(detail.untraced && kind !== "analysis" ? [element("p", { class: "path" }, `Column lineage unknown: ${detail.untraced}.`)] : []),
      ...(inset ? section("Lineage", inset.content) : []),
      ...(up.length || down.length ? [element("div", { class: "columns2" }, side(isTest(at) ? "Tests" : "Depends on", up), isTest(at) ? null : side("Used by", down))] : []),
      ...(members.length ? section(`Members (${members.length})`, links(members)) : []),
      ...(detail.tests ? section(`Tests (${detail.tests.length})`, testsTable(detail.tests)) : []),
      ...(detail.fixtures ? fixtures(detail.fixtures) : []),
      ...(detail.history ? section("Runs", chart(detail.history, "run")) : []),
      ...(detail.loads ? section("Loads", platform.firstOf(detail.loads, 10, loads)) : []),
      ...codeSection(detail, kind),
      ...(detail.macros ? section(kind === "macro" ? "Calls" : "Macros used", links(detail.macros)) : []),
      ...(callers.length ? [side("Called by", callers)] : []),
      ...(detail.meta ? section("Meta", highlight(JSON.stringify(detail.meta, null, 2), "Meta")) : []),
    );
    document.title = `${resource.name} · ${index.project}`;
    platform.shown = null;
    inset?.draw();
  };
})();
