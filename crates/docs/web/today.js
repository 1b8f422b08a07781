// The overview: what the data is today. Then the project's own words, and what there is in it, by package.
"use strict";
(() => {
  const {
    index, resources, KINDS, FAILED, element, prose, address, statusClass, seconds, moment, ago, bytes, rowsOf, plural, dot, link,
    table, tile, tiles, section, state, attention, byGravity, incidentsTable, chart,
  } = platform;
  const isTest = (kind) => kind === "test" || kind === "unit_test";
  const STATES = { model: "built", seed: "built", snapshot: "built" };
  const all = (wanted) => resources.flatMap((resource, at) => wanted(resource) ? [at] : []);
  const newestOf = (list, key) => list.reduce((newest, at) => resources[at][key] > (newest || "") ? resources[at][key] : newest, null);
  const counted = (list, noun) => list.length && `${list.length.toLocaleString()} ${noun}`;
  const idle = (number) => number > 0 && `${number.toLocaleString()} not run`;
  const words = (...parts) => parts.filter(Boolean).join(", ");

  // The newest result of everything that has one, in a line each.
  function standing() {
    const of = (kinds, statuses) => all(({ kind, status }) => kinds(kind) && status != null && statuses(status));
    const built = (kind) => kind in STATES, failed = (status) => FAILED.has(status);
    const models = { good: of(built, (status) => status === "success"), bad: of(built, failed), skipped: of(built, (status) => status === "skipped"), all: all(({ kind, materialized, hidden }) => kind in STATES && materialized !== "ephemeral" && !hidden) };
    const tests = { good: of(isTest, (status) => status === "pass"), warned: of(isTest, (status) => status === "warn"), bad: of(isTest, failed), all: all(({ kind }) => isTest(kind)) };
    const sources = { all: all(({ kind }) => kind === "source"), late: all(({ kind, status }) => kind === "source" && (status === "warn" || FAILED.has(status))) };
    const rules = all(({ open }) => open != null);
    return { models, tests, sources, rules, open: rules.reduce((sum, at) => sum + resources[at].open, 0), failed: of(() => true, failed), warned: of(() => true, (status) => status === "warn") };
  }

  function todayTiles({ models, tests, sources, rules, open, failed }) {
    const last = index.runs?.at(-1), run = index.run;
    const at = last?.at || run?.at, took = last ? last.seconds : run?.seconds, command = last?.command || run?.command;
    const list = [];
    if (at) {
      const bad = failed.length > 0;
      list.push(tile("Last run", bad ? `${failed.length.toLocaleString()} failed` : "All is well", [`${command || "run"}, `, ago(at), took ? `, took ${seconds(took)}` : ""], bad ? "status-error" : "status-success"));
    }
    if (models.good.length || models.bad.length || models.skipped.length) {
      list.push(tile("Built", [`${models.good.length.toLocaleString()}`, element("small", {}, ` of ${models.all.length.toLocaleString()}`)],
        words(counted(models.bad, "failed"), counted(models.skipped, "skipped"), idle(models.all.length - models.good.length - models.skipped.length - models.bad.length)) || "none failed", models.bad.length ? "status-error" : "status-success", "#!/list?kind=model"));
    }
    if (tests.good.length || tests.warned.length || tests.bad.length) {
      list.push(tile("Tests passed", [tests.good.length.toLocaleString(), element("small", {}, ` of ${tests.all.length.toLocaleString()}`)],
        words(counted(tests.bad, "failed"), counted(tests.warned, "warned"), idle(tests.all.length - tests.good.length - tests.warned.length - tests.bad.length)) || "none failed", tests.bad.length ? "status-error" : tests.warned.length ? "status-warn" : "status-success", "#!/list?kind=test"));
    }
    const newest = newestOf(sources.all, "newest");
    if (newest) {
      list.push(tile("Newest data", ago(newest), sources.late.length ? `${sources.late.length} of ${plural(sources.all.length, "source")} late or failed` : `in ${plural(sources.all.length, "source")}, none is late`, sources.late.length ? "status-warn" : "status-success", "#!/list?kind=source"));
    }
    if (rules.length) {
      list.push(tile("Open alerts", open.toLocaleString(), `of ${plural(rules.length, "rule")}`, open ? "status-error" : "status-success", rules.length === 1 ? address(rules[0]) : "#!/list?kind=exposure"));
    }
    const stored = all(({ kind, rows }) => rows != null && kind in STATES);
    if (stored.length) {
      const rows = stored.reduce((sum, at) => sum + resources[at].rows, 0), size = stored.reduce((sum, at) => sum + (resources[at].bytes || 0), 0);
      list.push(tile("Rows", rows.toLocaleString(undefined, { notation: rows < 1e6 ? "standard" : "compact", maximumFractionDigits: 1 }), `in ${plural(stored.length, "table")}${size ? `, ${bytes(size)}` : ""}`, "", "#!/list?kind=model"));
    }
    return tiles(list);
  }

  // A table with the first of many, and a button for the rest.
  function firstOf(list, most, draw) {
    if (list.length <= most) return draw(list);
    const body = element("div", {}, draw(list.slice(0, most)));
    const more = element("button", { class: "button all", onclick: () => { body.replaceChildren(draw(list)); more.remove(); } }, `Show all ${list.length.toLocaleString()}`);
    return element("div", {}, body, more);
  }
  platform.firstOf = firstOf;

  const sourcesTable = (list) => table(["Source", "Newest data", "#Rows", "#In quarantine", "Freshness"], list.map((at) => {
    const { newest, quarantined, status } = resources[at];
    return [link(at), newest ? ago(newest) : "", rowsOf(resources[at]), quarantined ? quarantined.toLocaleString() : "", status ? state(status) : element("span", { class: "path" }, "not asked")];
  }), "Sources");

  const dataTable = (list) => table(["Table", "#Rows", "#Size", "Last built", "#Took", "Tests"], list.map((at) => {
    const resource = resources[at], tests = platform.children[at].filter((child) => isTest(resources[child].kind));
    const bad = tests.filter((test) => FAILED.has(resources[test].status)), warned = tests.filter((test) => resources[test].status === "warn"), passed = tests.filter((test) => resources[test].status === "pass");
    const said = words(counted(bad, "failed"), counted(warned, "warned"), counted(passed, "passed"));
    return [link(at), rowsOf(resource), bytes(resource.bytes), resource.at ? ago(resource.at) : "", seconds(resource.seconds),
      said ? element("span", { class: "state" }, dot(statusClass(bad.length ? "error" : warned.length ? "warn" : "pass")), said) : ""];
  }), "Tables");

  const cards = (kinds, count, href) => element("div", { class: "cards" }, kinds.map(([kind, label]) =>
    element("a", { class: "card", href: href(kind) }, element("b", {}, count(kind).toLocaleString()), element("span", {}, label))));

  const packages = () => {
    const found = new Map();
    for (const { package: name, hidden, kind } of resources) if (!hidden && kind !== "operation") found.set(name, (found.get(name) || 0) + 1);
    return [...found].sort(([a], [b]) => (b === index.project) - (a === index.project) || a.localeCompare(b));
  };

  function overview(main) {
    const now = standing();
    const needs = byGravity([...now.failed, ...now.warned]);
    const count = (kind) => resources.filter((resource) => resource.kind === kind && !resource.hidden).length;
    const tables = all(({ kind, rows, bytes: size }) => kind in STATES && (rows != null || size != null)).sort((a, b) => (resources[b].rows || 0) - (resources[a].rows || 0));
    const fed = now.sources.all.filter((at) => resources[at].newest || resources[at].status);
    const others = packages();
    const shown = todayTiles(now);
    main.replaceChildren(
      element("h1", {}, index.project),
      element("p", { class: "lead" }, shown ? "How things stand, written " : "Written ", ago(index.generated_at), shown ? "" : ". Nothing was run yet that left results here."),
      shown,
      ...(needs.length ? section("Needs attention", firstOf(needs, 8, attention)) : []),
      ...(index.incidents ? section("Open alerts", now.rules.length === 1 && element("p", { class: "path" }, "Rule: ", element("a", { href: address(now.rules[0]) }, resources[now.rules[0]].name)), incidentsTable(index.incidents, now.rules.length > 1), now.open > index.incidents.length && element("p", { class: "path" }, `The newest ${index.incidents.length} of ${now.open.toLocaleString()}.`)) : []),
      ...(index.overview ? [prose(index.overview, "prose about")] : []),
      ...(fed.length ? section("Sources", firstOf(byGravity(fed), 8, sourcesTable)) : []),
      ...(tables.length ? section("Tables", firstOf(tables, 12, dataTable)) : []),
      ...(index.runs ? section("Commands", chart(index.runs, "command")) : []),
      element("h2", {}, "In this project"),
      cards(KINDS.filter(([kind]) => count(kind)), count, (kind) => `#!/list?kind=${kind}`),
      ...(others.length > 1 ? section("Packages", table(["Package", "#Resources"], others.map(([name, number]) => [element("a", { href: `#!/overview/${name}` }, name), number.toLocaleString()]), "Packages")) : []),
      element("p", { class: "path" }, `Written ${moment(index.generated_at)}`),
    );
  }

  // A package: what it says of itself, and all that is in it.
  function packageOverview(main, name) {
    const inside = all((resource) => resource.package === name && resource.kind !== "operation");
    if (!inside.length && !index.overviews?.[name]) {
      main.replaceChildren(element("h1", {}, "Not found"), element("p", {}, `There is no package ${name} in this project.`));
      return;
    }
    // What is hidden from lists is shown where nothing else is: the engine's own macros.
    const visible = inside.filter((at) => !resources[at].hidden), shown = visible.length ? visible : inside;
    const of = (kind) => shown.filter((at) => resources[at].kind === kind);
    const kinds = KINDS.filter(([kind]) => of(kind).length);
    const own = index.overviews?.[name] || (name === index.project && index.overview);
    const list = (places) => table(["Name", "Description", "Last run"], places.map((at) => [link(at), resources[at].summary || "", resources[at].status ? state(resources[at].status) : ""]), "Resources");
    main.replaceChildren(
      element("div", { class: "path" }, "package"),
      element("h1", {}, name),
      element("p", { class: "lead" }, `${plural(shown.length, "resource")}, `, element("a", { href: `#!/lineage?package=${encodeURIComponent(name)}` }, "its lineage")),
      own ? prose(own) : "",
      cards(kinds, (kind) => of(kind).length, (kind) => `#!/list?kind=${kind}&package=${encodeURIComponent(name)}`),
      ...kinds.flatMap(([kind, label]) => section(label, firstOf(of(kind).sort((a, b) => resources[a].name.localeCompare(resources[b].name)), 40, list))),
    );
  }

  platform.overviewPage = (main, name) => {
    if (name) packageOverview(main, name);
    else overview(main);
    document.title = name || index.project;
  };

  const MANY = 500;
  platform.listPage = (main, kind, within) => {
    const label = (KINDS.find(([name]) => name === kind) || [kind, kind])[1];
    const found = all((resource) => resource.kind === kind && !resource.hidden && (!within || resource.package === within));
    const sized = found.some((at) => resources[at].rows != null), ran = found.some((at) => resources[at].status), described = found.some((at) => resources[at].summary);
    const heads = ["Name", ...(described ? ["Description"] : []), ...(sized ? ["#Rows"] : []), ...(ran ? ["Last run", "#Time"] : [])];
    const rows = (part) => table(heads, part.map((at) => [link(at), ...(described ? [resources[at].summary || ""] : []), ...(sized ? [rowsOf(resources[at])] : []),
      ...(ran ? [resources[at].status ? [state(resources[at].status), resources[at].at && element("div", { class: "path" }, ago(resources[at].at))] : "", seconds(resources[at].seconds)] : [])]), label);
    main.replaceChildren(element("h1", {}, label), element("p", { class: "lead" }, `${found.length.toLocaleString()} in ${within ? `package ${within}` : "this project"}`), firstOf(found, MANY, rows));
    document.title = `${label} · ${index.project}`;
  };

  // The tables of one source, at the address that dbt's page gives it.
  platform.sourcePage = (main, name) => {
    const found = all((resource) => resource.kind === "source" && resource.name.startsWith(`${name}.`));
    const about = index.sources?.[name];
    main.replaceChildren(element("div", { class: "path" }, "source"), element("h1", {}, name), element("p", { class: "lead" }, plural(found.length, "table")), about ? prose(about) : "",
      table(["Name", "Description", "Newest data", "#Rows", "Freshness"], found.map((at) => [link(at), resources[at].summary || "", resources[at].newest ? ago(resources[at].newest) : "", rowsOf(resources[at]), resources[at].status ? state(resources[at].status) : ""]), "Tables"));
    document.title = `${name} · ${index.project}`;
  };
})();
