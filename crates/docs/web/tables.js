// Tables and pictures of results, the same on every page: runs, rows that failed, incidents, facts.
"use strict";
(() => {
  const { resources, FAILED, element, statusClass, seconds, moment, ago, plural, link, testName, detailOf, table, breakable } = platform;

  // Bars with the newest on the right; the same as a table for who can't see them or wants the numbers.
  platform.chart = (runs, label) => {
    const longest = Math.max(...runs.map((run) => run.seconds || 0), 0.001);
    const said = (run) => `${moment(run.at)}: ${run.command ? `${run.command} ` : ""}${run.status}, ${seconds(run.seconds)}${run.rows == null ? "" : `, ${plural(run.rows, "row")}`}${run.failures ? `, ${run.failures} failed` : ""}`;
    const rows = runs.some((run) => run.rows != null), commands = runs.some((run) => run.command), failed = runs.some((run) => run.failures);
    const heads = ["When", ...(commands ? ["Command"] : []), "Result", "#Time", ...(rows ? ["#Rows"] : []), ...(failed ? ["#Failed"] : [])];
    return element("div", {},
      element("div", { class: "chart", role: "img", "aria-label": `${plural(runs.length, label)}, newest ${said(runs.at(-1))}` },
        runs.map((run) => element("i", { class: statusClass(run.status), style: `height:${Math.max(6, 100 * (run.seconds || 0) / longest)}%`, title: said(run) }))),
      element("div", { class: "axis path" }, element("span", {}, moment(runs[0].at)), element("span", {}, `longest ${seconds(longest)}`), element("span", {}, moment(runs.at(-1).at))),
      element("details", { class: "more" }, element("summary", {}, "As a table"),
        table(heads, [...runs].reverse().map((run) => [moment(run.at), ...(commands ? [run.command] : []), state(run.status), seconds(run.seconds), ...(rows ? [run.rows?.toLocaleString() ?? ""] : []), ...(failed ? [run.failures?.toLocaleString() ?? ""] : [])]), "Runs", false)));
  };

  // A status in words beside its colour.
  const state = (status) => element("span", { class: `state ${statusClass(status)}` }, element("span", { class: `dot ${statusClass(status)}` }), status || "not run");
  platform.state = state;

  const cells = (sample, label = "Rows that failed") => table(sample[0].map(String), sample.slice(1).map((row) => row.map((cell) => cell ?? element("span", { class: "path" }, "null"))), label, false);
  platform.cells = cells;

  // What a run found; it stands with its own page, so it is loaded when asked for.
  function finding(at) {
    const found = element("div", {});
    const open = element("details", { class: "more" }, element("summary", {}, "What it found"), found);
    open.addEventListener("toggle", async () => {
      const detail = await detailOf(at);
      found.replaceChildren(detail.sample ? cells(detail.sample) : element("p", {}, detail.message || "Nothing was kept of it."));
    });
    return open;
  }
  const isBad = (status) => FAILED.has(status) || status === "warn";
  // The worst first, then as they stand in the project.
  const byGravity = (list) => [...list].sort((a, b) => gravity(a) - gravity(b));
  const gravity = (at) => FAILED.has(resources[at].status) ? 0 : resources[at].status === "warn" ? 1 : resources[at].status ? 2 : 3;
  platform.byGravity = byGravity;

  platform.testsTable = (tests) => table(["Test", "Last result", "#Failed rows", "When", ""], byGravity(tests).map((at) => {
    const { status, failures, kind, on, at: when } = resources[at];
    return [[link(at, testName(at)), on && element("code", {}, ` ${on}`)], [state(status), kind === "unit_test" && element("span", { class: "path" }, " unit test")],
      failures == null ? "" : failures.toLocaleString(), when ? ago(when) : "", isBad(status) && finding(at)];
  }), "Tests");

  // What needs somebody: what failed or warned, of what, and what it said.
  platform.attention = (list) => table(["What", "Of", "Last result", "#Failed rows", "It said"], list.map((at) => {
    const { kind, on, status, failures, said } = resources[at];
    const test = kind === "test" || kind === "unit_test";
    const of = test ? platform.parents[at].filter((parent) => resources[parent].kind !== "macro") : [];
    return [[link(at, test ? testName(at) : undefined), on && element("code", {}, ` ${on}`)],
      test ? of.slice(0, 2).map((parent) => element("div", {}, link(parent))) : kind.replace("_", " "),
      state(status), failures == null ? "" : failures.toLocaleString(),
      [said && element("div", { class: "said" }, said), test && isBad(status) && finding(at)]];
  }), "Needs attention");

  platform.incidentsTable = (incidents, withRule) => table(["#", ...(withRule ? ["Rule"] : []), "About", "What happened", "#Before", "#After", "When", "State"],
    incidents.map((one) => [String(one.id), ...(withRule ? [link(one.on)] : []), breakable(one.subject), one.what.replace(" %", "\u00a0%"), amount(one.before), amount(one.after), ago(one.at),
      element("span", { class: `state ${one.state === "open" ? "status-error" : one.state === "acked" ? "status-warn" : "status-none"}` }, element("span", { class: "dot" }), one.state)]), "Incidents");
  // Digits in groups, exactly as many as there are.
  const amount = (text) => text == null ? "" : text.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));

  const dateLike = /\b\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g;
  platform.definitions = (pairs) => element("dl", { class: "facts" }, pairs.map(([label, value]) => {
    return element("div", {}, element("dt", {}, label), element("dd", {}, /^https?:\/\//.test(value) ? element("a", { href: value, rel: "noopener noreferrer" }, value)
      : /^[^@\s]+@[^@\s]+$/.test(value) ? element("a", { href: `mailto:${value}` }, value) : value.replace(dateLike, moment)));
  }));
})();
