// SQL with Jinja in it, in colours: one pass, the first alternative that matches wins.
"use strict";
(() => {
  const { element } = platform;
  const KEYWORDS = [
    "select|from|where|group|order|by|having|join|left|right|full|inner|outer|cross|lateral|on|using|as|with|recursive",
    "union|all|except|intersect|distinct|case|when|then|else|end|and|or|not|in|is|null|true|false|like|ilike|between",
    "exists|over|partition|rows|range|filter|limit|offset|insert|into|values|update|set|delete|create|replace|table",
    "view|materialized|index|function|returns|language|begin|commit|cast|interval|date|timestamp|numeric|text|integer",
    "bigint|boolean|asc|desc|nulls|first|last|window|within|any|array|for|if|merge|matched",
  ].join("|");
  const TOKENS = new RegExp([
    "(?<c>--[^\\n]*|/\\*[\\s\\S]*?\\*/|\\{#[\\s\\S]*?#\\})",
    "(?<j>\\{\\{[\\s\\S]*?\\}\\}|\\{%[\\s\\S]*?%\\})",
    "(?<s>'(?:[^']|'')*')",
    "(?<n>\\b\\d+(?:\\.\\d+)?\\b)",
    `(?<k>\\b(?:${KEYWORDS})\\b)`,
  ].join("|"), "gi");

  // Code longer than this is shown without colours: a page must not wait for them.
  const LONGEST = 200_000;

  platform.highlight = (code, label = "Code") => {
    const pre = element("pre", { tabindex: "0", role: "region", "aria-label": label });
    if (code.length > LONGEST) {
      pre.append(code);
      return pre;
    }
    let last = 0;
    for (const match of code.matchAll(TOKENS)) {
      pre.append(code.slice(last, match.index));
      const kind = Object.keys(match.groups).find((name) => match.groups[name] != null);
      pre.append(element("span", { class: kind }, match[0]));
      last = match.index + match[0].length;
    }
    pre.append(code.slice(last));
    return pre;
  };
})();
