// The address after #! names a page, as on dbt's own page: `#!/model/model.shop.orders`.
"use strict";
(() => {
  const { index, place, element } = platform;

  function read() {
    // dbt's page names a section after a second #; ours shows the whole page.
    const text = location.hash.replace(/^#!?\/?/, "").replace(/#.*$/, "");
    const cut = text.indexOf("?");
    const [page, ...rest] = (cut < 0 ? text : text.slice(0, cut)).split("/");
    // A plus is an operator of the graph here, never a blank.
    const wanted = new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1).replaceAll("+", "%2B"));
    let id = rest.join("/");
    try { id = decodeURIComponent(id); } catch { /* a % that encodes nothing: taken as it is */ }
    return { page, id, wanted };
  }

  let shownBefore = false;

  async function show() {
    const main = document.getElementById("main"), { page, id, wanted } = read();
    // `g_v` is how dbt's own page opens its graph, on any page; without a selection it is that of the page's node.
    const lineage = page === "lineage" || wanted.has("g_v");
    if (wanted.has("g_v") && !wanted.has("g_i") && place.has(id)) wanted.set("focus", id);
    const wide = lineage && wanted.get("view") !== "list";
    document.getElementById("frame").className = wide ? "wide" : page === "column" ? "full" : "";
    document.getElementById("nav").classList.remove("open");
    document.getElementById("menu").setAttribute("aria-expanded", "false");
    const at = place.get(id);
    try {
      if (lineage) platform.lineagePage(main, wanted);
      else if (page === "list") platform.listPage(main, wanted.get("kind"), wanted.get("package"));
      else if (page === "source_list") platform.sourcePage(main, id);
      else if (page === "column" && at != null) await platform.columnPage(main, at, wanted);
      else if (at != null) await platform.resourcePage(at, main);
      else if (!page || page === "overview") platform.overviewPage(main, id);
      else main.replaceChildren(element("h1", {}, "Not found"), element("p", {}, `There is no ${page} with the id ${id}. It may have been renamed since this link was made.`));
    } catch (error) {
      main.replaceChildren(element("h1", {}, "This page can't be shown"), element("div", { class: "notice status-error" }, `${error.message}. Is the whole folder there?`));
    }
    platform.markCurrent(at);
    scrollTo(0, 0);
    // Whoever came by keyboard or listens goes on from the new page's beginning; typing is not interrupted.
    if (shownBefore && !document.activeElement?.closest("#query, .bar, canvas")) main.focus({ preventScroll: true });
    shownBefore = true;
  }

  function startTheme() {
    let stored = null;
    try { stored = localStorage.getItem("theme"); } catch { /* private windows have no storage */ }
    const set = (theme) => {
      document.documentElement.dataset.theme = theme;
      platform.shown?.repaint();
    };
    const system = matchMedia("(prefers-color-scheme: dark)");
    set(stored || (system.matches ? "dark" : "light"));
    system.addEventListener("change", (event) => { if (!stored) set(event.matches ? "dark" : "light"); });
    document.getElementById("theme").addEventListener("click", () => {
      stored = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
      set(stored);
      try { localStorage.setItem("theme", stored); } catch { /* it holds until the page is closed */ }
    });
  }

  startTheme();
  const menu = document.getElementById("menu");
  menu.addEventListener("click", () => menu.setAttribute("aria-expanded", String(document.getElementById("nav").classList.toggle("open"))));
  document.getElementById("brand").textContent = index.project;
  platform.drawNavigation();
  platform.startSearch();
  addEventListener("hashchange", show);
  show();
})();
