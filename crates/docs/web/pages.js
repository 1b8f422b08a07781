// What stands on each page: the overview, a resource, a list.
"use strict";
(() => {
  const {
    index, resources, parents, children, KINDS, FAILED, element, prose, address, statusClass, seconds, moment, plural,
    dot, link, testName, detailOf, table, section, highlight,
  } = platform;
  const ASIDE = new Set(["test", "unit_test", "operation"]);

  // Bars with the newest on the right; the same as a table for who can't see them or wants the numbers.
  function chart(runs, label) {
    const longest = Math.max(...runs.map((run) => run.seconds || 0), 0.001);
    const said = (run) => `${moment(run.at)}: ${run.command ? `${run.command} ` : ""}${run.status}, ${seconds(run.seconds)}${run.rows == null ? "" : `, ${plural(run.rows, "row")}`}${run.failures ? `, ${run.failures} failed` : ""}`;
    const rows = runs.some((run) => run.rows != null), commands = runs.some((run) => run.command), failed = runs.some((run) => run.failures);
    const heads = ["When", ...(commands ? ["Command"] : []), "Result", "#Time", ...(rows ? ["#Rows"] : []), ...(failed ? ["#Failed"] : [])];
    return element("div", {},
      element("div", { class: "chart", role: "img", "aria-label": `${plural(runs.length, label)}, newest ${said(runs.at(-1))}` },
        runs.map((run) => element("i", { class: statusClass(run.status), style: `height:${Math.max(6, 100 * (run.seconds || 0) / longest)}%`, title: said(run) }))),
      element("div", { class: "axis path" }, element("span", {}, moment(runs[0].at)), element("span", {}, `longest ${seconds(longest)}`), element("span", {}, moment(runs.at(-1).at))),
      element("details", { class: "more" }, element("summary", {}, "As a table"),
        table(heads, [...runs].reverse().map((run) => [moment(run.at), ...(commands ? [run.command] : []), run.status, seconds(run.seconds), ...(rows ? [run.rows?.toLocaleString() ?? ""] : []), ...(failed ? [run.failures?.toLocaleString() ?? ""] : [])]), "Runs")));
  }

  const cells = (sample) => table(sample[0].map(String), sample.slice(1).map((row) => row.map((cell) => cell ?? element("span", { class: "path" }, "null"))), "Rows that failed");

  // A test's line opens to what it found; its page is elsewhere, so it is loaded when asked for.
  function testsTable(tests) {
    return table(["Test", "Last result", "#Failed", ""], tests.map((at) => {
      const { status, failures, kind } = resources[at];
      const found = element("div", {});
      const bad = FAILED.has(status) || status === "warn";
      const open = bad && element("details", { class: "more" }, element("summary", {}, "What it found"), found);
      open && open.addEventListener("toggle", async () => {
        const detail = await detailOf(at);
        found.replaceChildren(detail.sample ? cells(detail.sample) : element("p", {}, detail.message || "Nothing was kept of it."));
      });
      return [[link(at, testName(at)), resources[at].on && element("code", {}, ` ${resources[at].on}`)], [status || "not run", kind === "unit_test" && " (unit test)"], failures == null ? "" : failures.toLocaleString(), open];
    }), "Tests");
  }

  function codeSection(detail) {
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
    const copy = element("button", { class: "button", onclick: () => navigator.clipboard?.writeText(body.innerText).then(() => {
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1200);
    }) }, "Copy");
    return [element("div", { class: "tabs" }, element("h2", {}, "Code"), buttons.length > 1 ? buttons : null, copy), body];
  }

  const dateLike = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/;
  const definitions = (pairs) => element("dl", { class: "facts" }, pairs.map(([label, value]) => {
    const [stamp] = value.match(dateLike) || [];
    return [element("dt", {}, label), element("dd", {}, /^https?:\/\//.test(value) ? element("a", { href: value, rel: "noopener noreferrer" }, value) : stamp ? moment(stamp) + value.slice(stamp.length) : value)];
  }));

  const links = (list) => element("ul", { class: "links" }, list.map((at) => element("li", {}, link(at))));
  const side = (title, list) => element("div", {}, section(`${title} (${list.length.toLocaleString()})`, list.length > 60
    ? element("details", { class: "more" }, element("summary", {}, `All ${list.length.toLocaleString()}`), links(list))
    : links(list)));

  function chips(resource) {
    const chip = (...content) => element("li", { class: "chip" }, content);
    const { kind, materialized, relation, tags, group, status } = resource;
    const found = group && resources.findIndex((other) => other.kind === "group" && other.name === group);
    return element("ul", { class: "chips" },
      element("li", { class: `chip kind kind-${kind}` }, kind.replace("_", " ")),
      status && element("li", { class: `chip ${statusClass(status)}` }, dot(statusClass(status)), `${status}${resource.seconds ? ` in ${seconds(resource.seconds)}` : ""}`),
      materialized && materialized !== kind && chip(materialized),
      relation && element("li", { class: "chip mono" }, relation),
      group && chip("group ", found >= 0 ? element("a", { href: address(found) }, group) : group),
      (tags || []).map((tag) => chip(element("a", { href: `#!/lineage?select=${encodeURIComponent(`tag:${tag}`)}` }, `#${tag}`))));
  }

  platform.resourcePage = async (at, main) => {
    const resource = resources[at], detail = await detailOf(at);
    const visible = (list) => list.filter((other) => !ASIDE.has(resources[other].kind));
    const up = visible(parents[at]), down = visible(children[at]);
    const bad = FAILED.has(resource.status) || resource.status === "warn";
    const inset = platform.DRAWN.has(resource.kind) && up.length + down.length ? platform.inset(at) : null;
    const members = resource.kind === "group" ? resources.flatMap((other, place) => other.group === resource.name && !ASIDE.has(other.kind) ? [place] : []) : [];
    const callers = [...new Set(detail.callers || [])];
    main.replaceChildren(
      element("div", { class: "path" }, `${resource.package} / ${resource.path}`),
      element("h1", {}, resource.name),
      chips(resource),
      detail.description ? prose(detail.description) : ASIDE.has(resource.kind) || resource.kind === "macro" ? "" : element("p", { class: "lead" }, "No description yet."),
      ...(detail.message && bad ? [element("div", { class: `notice ${statusClass(resource.status)}` }, detail.message)] : []),
      ...(detail.sample ? section("Rows that failed", cells(detail.sample)) : []),
      ...(detail.rule ? section("Alert rule", definitions(detail.rule)) : []),
      ...(detail.incidents ? section(`Last incidents (${detail.incidents.length})`, table(["#", "About", "What happened", "#Before", "#After", "When", "State"],
        detail.incidents.map((one) => [String(one.id), one.subject, one.what, one.before ?? "", one.after ?? "", moment(one.at), one.state]), "Incidents")) : []),
      ...(detail.arguments ? section("Arguments", table(["Name", "Type", "Description"], detail.arguments.map((one) => [element("code", {}, one.name), one.kind || "", prose(one.description)]))) : []),
      ...(detail.columns ? section(`Columns (${detail.columns.length})`, platform.columnsTable(at, detail.columns)) : []),
      ...(detail.untraced && resource.kind !== "analysis" ? [element("p", { class: "path" }, `Column lineage unknown: ${detail.untraced}.`)] : []),
      ...(inset ? section("Lineage", inset.content) : []),
      ...(up.length || down.length ? [element("div", { class: "columns2" }, side("Depends on", up), side("Used by", down))] : []),
      ...(members.length ? section(`Members (${members.length})`, links(members)) : []),
      ...(detail.tests ? section(`Tests (${detail.tests.length})`, testsTable(detail.tests)) : []),
      ...(detail.history ? section("Runs", chart(detail.history, "run")) : []),
      ...(detail.loads ? section("Loads", table(["File", "Business date", "When", "#Loaded", "#Quarantined", "State"], detail.loads.map((load) =>
        [element("code", {}, load.file), load.business_date || "", moment(load.at), load.loaded.toLocaleString(), load.quarantined.toLocaleString(), load.state]), "Loads")) : []),
      ...(detail.facts ? section("Facts", definitions(detail.facts)) : []),
      ...(detail.meta && !detail.rule ? section("Meta", highlight(JSON.stringify(detail.meta, null, 2), "Meta")) : []),
      ...codeSection(detail),
      ...(detail.macros ? section("Macros used", links(detail.macros)) : []),
      ...(callers.length ? [side("Called by", callers)] : []),
    );
    document.title = `${resource.name} · ${index.project}`;
    platform.shown = null;
    inset?.draw();
  };

  // How things stand: the newest result of everything that has one.
  function standing() {
    const has = (kinds, statuses) => resources.flatMap((resource, at) => kinds(resource.kind) && statuses(resource.status) ? [at] : []);
    const test = (kind) => kind === "test" || kind === "unit_test", other = (kind) => !test(kind) && kind !== "operation";
    const failed = has(() => true, (status) => FAILED.has(status)), warned = has(() => true, (status) => status === "warn");
    const built = has(other, (status) => status === "success").length, passed = has(test, (status) => status === "pass").length;
    const skipped = has(() => true, (status) => status === "skipped").length;
    const words = [built && `${built.toLocaleString()} built`, passed && `${plural(passed, "test")} passed`, warned.length && `${warned.length} warned`, failed.length && `${failed.length} failed`, skipped && `${skipped} skipped`].filter(Boolean);
    return { failed, warned, words: words.join(", ") };
  }

  platform.overviewPage = (main, package_) => {
    const { failed, warned, words } = standing();
    const count = (kind) => resources.filter((resource) => resource.kind === kind && !resource.hidden).length;
    const own = package_ ? index.overviews?.[package_] : index.overview;
    const run = index.run;
    main.replaceChildren(
      own ? "" : element("h1", {}, package_ || index.project),
      ...(words && !package_ ? [element("div", { class: `notice ${failed.length ? "status-error" : warned.length ? "status-warn" : "status-success"}` },
        element("b", {}, words), run ? element("div", { class: "path" }, `last command: ${run.command || "run"}, ${seconds(run.seconds)}, ${moment(run.at)}`) : "")] : []),
      ...(failed.length ? section("Needs attention", links(failed)) : []),
      ...(warned.length ? section("Warnings", links(warned)) : []),
      own ? prose(own) : "",
      element("h2", {}, "In this project"),
      element("div", { class: "cards" }, KINDS.filter(([kind]) => count(kind)).map(([kind, label]) =>
        element("a", { class: "card", href: `#!/list?kind=${kind}` }, element("b", {}, count(kind).toLocaleString()), element("span", {}, label)))),
      ...(index.runs ? section("Commands", chart(index.runs, "command")) : []),
      element("p", { class: "path" }, `Written ${moment(index.generated_at)}`),
    );
    document.title = package_ || index.project;
  };

  const MANY = 500;
  platform.listPage = (main, kind, matches = () => true) => {
    const label = (KINDS.find(([name]) => name === kind) || [kind, kind])[1];
    const found = resources.flatMap((resource, at) => resource.kind === kind && !resource.hidden && matches(resource) ? [at] : []);
    const rows = (part) => table(["Name", "Description", "Last run", "#Time"], part.map((at) => [link(at), resources[at].summary || "", resources[at].status || "", seconds(resources[at].seconds)]), label);
    const body = element("div", {}, rows(found.slice(0, MANY)));
    const more = found.length > MANY && element("button", { class: "button", onclick: () => { body.replaceChildren(rows(found)); more.remove(); } }, `Show all ${found.length.toLocaleString()}`);
    main.replaceChildren(element("h1", {}, label), element("p", { class: "lead" }, `${found.length.toLocaleString()} in this project`), body, more || "");
    document.title = `${label} · ${index.project}`;
  };
})();
