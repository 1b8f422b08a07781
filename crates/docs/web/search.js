// Search that ranks: exact name, start of a name, part of a name, column, description; SQL once it is loaded.
"use strict";
(() => {
  const MOST = 40;
  const { resources, element, address } = platform;
  const names = resources.map((resource) => resource.name.toLowerCase());
  const columns = resources.map((resource) => (resource.columns || []).map((column) => column.toLowerCase()));
  const texts = resources.map((resource) => `${resource.summary || ""} ${(resource.tags || []).join(" ")} ${resource.path} ${resource.relation || ""}`.toLowerCase());
  const weight = { model: 6, source: 5, seed: 4, snapshot: 4, exposure: 5, metric: 4, macro: 1, test: 0, unit_test: 0, operation: 0 };
  let code = null;

  function score(at, word) {
    const name = names[at];
    if (name === word) return 100;
    if (name.startsWith(word)) return 70;
    if (name.split(/[_.]/).some((part) => part.startsWith(word))) return 55;
    if (name.includes(word)) return 40;
    if (columns[at].includes(word)) return 35;
    if (columns[at].some((column) => column.includes(word))) return 25;
    if (texts[at].includes(word)) return 15;
    return code?.[at].includes(word) ? 6 : 0;
  }

  platform.find = (query) => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const hits = [];
    for (let at = 0; at < resources.length; at++) {
      let sum = weight[resources[at].kind] ?? 2;
      for (const word of words) { const points = score(at, word); if (!points) { sum = 0; break; } sum += points; }
      if (sum) hits.push([resources[at].hidden ? sum / 4 : sum, at]);
    }
    return hits.sort((a, b) => b[0] - a[0] || names[a[1]].length - names[b[1]].length || names[a[1]].localeCompare(names[b[1]])).slice(0, MOST).map(([, at]) => at);
  };

  function marked(text, words) {
    const parts = [], pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
    for (const [at, part] of text.split(pattern).entries()) parts.push(at % 2 ? element("mark", {}, part) : part);
    return parts;
  }

  platform.startSearch = () => {
    const input = document.getElementById("query"), box = document.getElementById("hits");
    let chosen = 0;
    const close = () => { box.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const choose = (next) => {
      const all = [...box.querySelectorAll(".hit")];
      if (!all.length) return;
      chosen = (next + all.length) % all.length;
      all.forEach((hit, at) => hit.setAttribute("aria-selected", String(at === chosen)));
      input.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    };
    const draw = () => {
      const query = input.value.trim(), words = query.split(/\s+/).filter(Boolean);
      if (!query) return close();
      const found = platform.find(query);
      box.replaceChildren(...found.map((at, number) => {
        const resource = resources[at];
        const column = (resource.columns || []).find((name) => words.some((word) => name.toLowerCase().includes(word.toLowerCase())) && !words.some((word) => resource.name.toLowerCase().includes(word.toLowerCase())));
        const hit = element("a", { class: "hit", role: "option", id: `hit-${number}`, href: address(at), tabindex: "-1" },
          element("span", { class: `dot kind-${resource.kind}`, style: "display:inline-block;margin-right:8px" }), ...marked(resource.name, words), " ", element("span", { class: "path" }, resource.kind.replace("_", " ")),
          element("small", {}, column ? ["column ", ...marked(column, words)] : marked(resource.summary || resource.path, words)));
        hit.onclick = close;
        return hit;
      }));
      if (!found.length) box.replaceChildren(element("div", { class: "hit path" }, `Nothing is called or says “${query}”.`));
      box.hidden = false;
      input.setAttribute("aria-expanded", "true");
      choose(0);
      if (!code && query.length > 2) platform.allDetails().then((details) => { code = details.map((detail) => (detail.raw_code || "").toLowerCase()); if (input.value.trim() === query) draw(); }).catch(() => { code = null; });
    };
    input.addEventListener("input", draw);
    input.addEventListener("focus", draw);
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { choose(chosen + 1); event.preventDefault(); }
      else if (event.key === "ArrowUp") { choose(chosen - 1); event.preventDefault(); }
      else if (event.key === "Enter") { box.querySelector('[aria-selected="true"]')?.click(); input.blur(); }
      else if (event.key === "Escape") { close(); input.blur(); }
    });
    document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#search")) close(); });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, textarea, select");
      if (!typing && (event.key === "/" || ((event.ctrlKey || event.metaKey) && event.key === "k"))) { input.focus(); input.select(); event.preventDefault(); }
    });
  };
})();
