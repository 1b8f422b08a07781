// Search that ranks: exact name, start of a name, part of a name, column, description; then the words of all
// descriptions and of all SQL, which are loaded when somebody begins to search.
"use strict";
(() => {
  const MOST = 40;
  const { resources, element, address } = platform;
  const names = resources.map((resource) => resource.name.toLowerCase());
  const columns = resources.map((resource) => (resource.columns || []).map((column) => column.toLowerCase()));
  const texts = resources.map((resource) => `${resource.summary || ""} ${(resource.tags || []).join(" ")} ${resource.path} ${resource.relation || ""}`.toLowerCase());
  const weight = { model: 6, source: 5, seed: 4, snapshot: 4, exposure: 5, metric: 4, macro: 1, test: 0, unit_test: 0, operation: 0 };
  let loading = null, prose = null, code = null;

  // Words in order, each with the places where it stands; `places` are given as distances.
  function postings({ words, places }) {
    const all = words ? words.split(" ") : [], known = new Map();
    return (part) => {
      if (known.has(part)) return known.get(part);
      const found = new Set();
      all.forEach((word, at) => {
        if (!word.includes(part)) return;
        let last = 0;
        for (const distance of places[at]) found.add(last += distance);
      });
      if (known.size > 50) known.clear();
      known.set(part, found);
      return found;
    };
  }

  function loadWords() {
    loading ||= (platform.words ? Promise.resolve() : platform.load("site/words.js")).then(() => {
      prose = postings(platform.words.prose);
      code = postings(platform.words.code);
      delete platform.words;
    });
    return loading;
  }

  // Where all parts of a word stand in the texts: `sum(amount)` has two.
  function standing(find, word) {
    const parts = word.split(/[^\p{L}\p{N}_]+/u).filter((part) => part.length > 1);
    if (!find || !parts.length) return new Set();
    const [first, ...others] = parts.map(find);
    return new Set([...first].filter((at) => others.every((other) => other.has(at))));
  }

  function score(at, { word, inProse, inCode }) {
    const name = names[at];
    if (name === word) return 100;
    if (name.startsWith(word)) return 70;
    if (name.split(/[_.]/).some((part) => part.startsWith(word))) return 55;
    if (name.includes(word)) return 40;
    if (columns[at].includes(word)) return 35;
    if (columns[at].some((column) => column.includes(word))) return 25;
    if (texts[at].includes(word)) return 15;
    if (inProse.has(at)) return 12;
    return inCode.has(at) ? 6 : 0;
  }

  platform.find = (query) => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean).map((word) => ({ word, inProse: standing(prose, word), inCode: standing(code, word) }));
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

  // What a hit says below its name: the column, the description, or that only the SQL has the words.
  function reason(at, words) {
    const resource = resources[at], says = (text) => words.some((word) => text.toLowerCase().includes(word.toLowerCase()));
    const column = (resource.columns || []).find(says);
    if (column && !says(resource.name)) return ["column ", ...marked(column, words)];
    const text = resource.summary || resource.path;
    if (says(resource.name) || says(text)) return marked(text, words);
    const word = words.find((one) => standing(code, one.toLowerCase()).has(at) && !standing(prose, one.toLowerCase()).has(at));
    return word ? [element("em", {}, "in the SQL: "), element("mark", {}, word)] : text;
  }

  platform.startSearch = () => {
    const input = document.getElementById("query"), box = document.getElementById("hits"), said = document.getElementById("found");
    let chosen = 0;
    const close = () => { box.hidden = true; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
    const choose = (next) => {
      const all = [...box.querySelectorAll(".hit[role]")];
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
        const hit = element("a", { class: "hit", role: "option", id: `hit-${number}`, href: address(at), tabindex: "-1" },
          element("span", { class: `dot kind-${resource.kind}` }), ...marked(resource.name, words), " ", element("span", { class: "path" }, resource.kind.replace("_", " ")),
          element("small", {}, reason(at, words)));
        hit.onclick = close;
        return hit;
      }));
      const none = code ? `Nothing is called or says “${query}”.` : "Nothing is called so; reading what everything says…";
      if (!found.length) box.replaceChildren(element("div", { class: "hit path" }, none));
      said.textContent = found.length ? `${platform.plural(found.length, "result")}, ${resources[found[0]].name} first` : none;
      box.hidden = false;
      input.setAttribute("aria-expanded", "true");
      choose(0);
    };
    // Names answer at once; the words come when they are there, and are asked for again if they could not.
    const again = () => { const query = input.value; if (!code) loadWords().then(() => { if (query && input.value && !box.hidden) draw(); }).catch(() => { loading = null; }); };
    input.addEventListener("input", () => { draw(); again(); });
    input.addEventListener("focus", () => { draw(); });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { choose(chosen + 1); event.preventDefault(); }
      else if (event.key === "ArrowUp") { choose(chosen - 1); event.preventDefault(); }
      else if (event.key === "Enter") { box.querySelector('[aria-selected="true"]')?.click(); input.blur(); }
      else if (event.key === "Escape") { close(); input.blur(); }
    });
    // Wherever the focus goes, the list doesn't stay behind.
    input.addEventListener("blur", () => setTimeout(() => { if (!box.contains(document.activeElement)) close(); }, 150));
    document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#search")) close(); });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, textarea, select");
      if (!typing && (event.key === "/" || ((event.ctrlKey || event.metaKey) && event.key === "k"))) { input.focus(); input.select(); event.preventDefault(); }
    });
  };
})();
