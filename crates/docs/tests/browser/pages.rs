//! Search, pages, links, hostile text, dark mode, a phone, the single file.

use crate::chromium::act;
use crate::shop::{shop, write_site};
use serde_json::{Value, json};

fn site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write_site(&shop(), folder.path());
    folder
}

#[test]
fn search_ranks_names_first_and_enter_opens_the_page() {
    let seen = act(
        site().path(),
        "",
        1200,
        "press('/', document.body); const focused = document.activeElement.id;
         type('order'); await wait(() => one('.hit')); const names = all('.hit').map((hit) => hit.getAttribute('href'));
         type('order_id'); const byColumn = one('.hit').getAttribute('href');
         type('one row per item'); const byText = one('.hit').getAttribute('href');
         type('order_items'); press('Enter', one('#query')); await wait(() => one('h1')?.textContent === 'order_items');
         return { focused, names, byColumn, byText, address: location.hash };",
    );
    assert_eq!(seen["focused"], "query");
    assert_eq!(seen["names"][0], "#!/model/model.shop.orders", "{seen}");
    assert!(
        ["#!/model/model.shop.orders", "#!/model/model.shop.order_items"]
            .contains(&seen["byColumn"].as_str().unwrap_or_default()),
        "{seen}"
    );
    assert_eq!(seen["byText"], "#!/model/model.shop.order_items");
    assert_eq!(seen["address"], "#!/model/model.shop.order_items");
}

#[test]
fn names_answer_before_the_texts_are_loaded() {
    let seen = act(
        site().path(),
        "",
        1200,
        "const loaded = () => all('script').some((it) => it.src.includes('words.js')); const before = loaded();
         type('order'); const hits = all('a.hit').length; const shards = platform.shards.length;
         type('note'); const early = all('a.hit').length; const late = (await wait(() => one('a.hit'))).innerText;
         await wait(() => one('#found').textContent.includes('result')); return { before, hits: hits > 0, shards, early, late, after: loaded(), said: one('#found').textContent };",
    );
    assert_eq!((&seen["before"], &seen["hits"], &seen["shards"]), (&json!(false), &json!(true), &json!(0)));
    assert_eq!((&seen["early"], &seen["after"]), (&json!(0), &json!(true)));
    assert!(seen["late"].as_str().is_some_and(|hit| hit.contains("in the SQL: note")), "{seen}");
    assert!(seen["said"].as_str().is_some_and(|said| said.starts_with("3 results")), "{seen}");
}

#[test]
fn the_focus_goes_along_to_the_new_page() {
    let seen = act(
        site().path(),
        "#!/overview",
        1200,
        "const first = document.activeElement.tagName; const link = all('main a').find((it) => it.getAttribute('href') === '#!/source/source.shop.raw.orders');
         link.focus(); link.click(); await wait(() => one('h1')?.textContent === 'raw.orders'); await wait(() => document.activeElement.id === 'main');
         const reach = all('a, button, input, select, summary, [tabindex=\"0\"]').filter((it) => it.tabIndex < 0 && !it.closest('#hits')).length;
         return { first, title: document.title, reach };",
    );
    assert_eq!(seen, json!({"first": "BODY", "title": "raw.orders · shop", "reach": 0}));
}

#[test]
fn search_finds_words_of_the_sql() {
    let seen = act(
        site().path(),
        "",
        1200,
        "type('of customers'); return (await wait(() => one('a.hit'))).getAttribute('href');",
    );
    assert_eq!(seen, "#!/model/model.shop.customers");
}

#[test]
fn a_page_shows_columns_lineage_and_sql_and_runs_nothing_of_a_description() {
    let seen = act(
        site().path(),
        "#!/model/model.shop.customers",
        1200,
        "await wait(() => one('#lineage canvas'));
         return { broken: window.broken ?? null, text: one('main').innerText, drawn: drawn(one('#lineage canvas')),
           keyword: one('pre .k')?.textContent, jinja: one('pre .j')?.textContent, current: one('nav [aria-current]')?.textContent,
           scripts: all('main script, main img').length, hrefs: all('main a').map((a) => a.getAttribute('href')) };",
    );
    assert_eq!(seen["broken"], Value::Null, "{seen}");
    assert_eq!(seen["scripts"], 0, "{seen}");
    let text = seen["text"].as_str().unwrap_or_default();
    for expected in [
        "<script>",
        "amount",
        "Depends on (1)",
        "orders.amount",
        "unit: EUR",
        "group finance",
        "#daily",
        "Macros used",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    assert!(!seen["hrefs"].to_string().contains("javascript"), "{seen}");
    assert_eq!(seen["drawn"], true);
    assert_eq!((&seen["keyword"], &seen["jinja"]), (&json!("select"), &json!("{{ ref('x') }}")));
    assert_eq!(seen["current"], "customers");
}

#[test]
fn a_failed_test_shows_on_the_overview_and_its_rows_on_the_model() {
    let seen = act(
        site().path(),
        "#!/overview",
        1200,
        "const overview = one('main').innerText; location.hash = '#!/model/model.shop.orders';
         await wait(() => one('h1')?.textContent === 'orders'); const found = all('main details').find((it) => it.textContent.includes('What it found'));
         found.open = true; await wait(() => found.querySelector('table')); const bars = all('.chart i').length;
         return { overview, rows: found.innerText, bars, page: one('main').textContent };",
    );
    let overview = seen["overview"].as_str().unwrap_or_default();
    for expected in [
        "The shop",
        "1 failed",
        "Needs attention",
        "not_null",
        "Got 2 results",
        "Open alerts",
        "customer 5",
        "moved by 60.0\u{a0}%",
        "Newest data",
        "1 of 1 source late",
        "Rows",
        "1,200",
        "Packages",
        "tools",
    ] {
        assert!(overview.contains(expected), "{expected} is missing in {overview}");
    }
    assert!(!overview.contains("false") && !overview.contains("undefined"), "{overview}");
    assert!(seen["rows"].as_str().is_some_and(|rows| rows.contains("77") && rows.contains("null")), "{seen}");
    assert_eq!(seen["bars"], 3);
    assert!(
        seen["page"].as_str().is_some_and(|page| page.contains("not_null amount") && page.contains("fail")),
        "{seen}"
    );
}

#[test]
fn sources_exposures_macros_and_groups_have_their_pages() {
    let seen = act(
        site().path(),
        "#!/source/source.shop.raw.orders",
        1200,
        "const read = async (address, title) => { location.hash = address; await wait(() => one('h1')?.textContent === title); return one('main').innerText; };
         return { source: await read('#!/source/source.shop.raw.orders', 'raw.orders'), exposure: await read('#!/exposure/exposure.shop.alert', 'Orders that grew'),
           macro: await read('#!/macro/macro.shop.cents', 'cents'), group: await read('#!/group/group.shop.finance', 'finance'),
           metric: await read('#!/metric/metric.shop.revenue', 'revenue'), unit: await read('#!/unit_test/unit_test.shop.orders.adds_up', 'adds_up'),
           model: await read('#!/model/model.shop.orders', 'orders'), list: await read('#!/source_list/raw', 'raw'), version: await read('#!/model/model.tools.rates.v1', 'rates.v1'), missing: await read('#!/model/model.shop.gone', 'Not found') };",
    );
    let has = |page: &str, words: &[&str]| {
        let text = seen[page].as_str().unwrap_or_default();
        words.iter().for_each(|word| assert!(text.contains(word), "{word} is missing in {page}: {text}"));
    };
    has("source", &["orders.csv", "1,200", "Freshness", "warn", "34 hours old"]);
    has(
        "exposure",
        &["Alert rule", "mass_change.ratio", "0.20", "customer 5", "160", "https://example.com/board"],
    );
    has("macro", &["Cents to euros", "What to divide", "Called by (3)"]);
    has("group", &["The books", "Members (3)"]);
    has("list", &["raw.orders", "What the till writes", "1 table"]);
    has("metric", &["All that was paid", "simple", "measure"]);
    has(
        "unit",
        &["Given source('raw', 'orders')", "cents", "250", "null", "select 2.5 as amount", "vars.rate"],
    );
    has(
        "model",
        &[
            "public",
            "enforced",
            "check (amount >= 0)",
            "primary key",
            "not null",
            "The books",
            "Tests passed",
        ],
    );
    has("version", &["1; the latest is 2", "Versions: v1, v2, the latest"]);
    has("missing", &["There is no model"]);
}

#[test]
fn links_of_dbts_own_page_lead_to_the_same_pages() {
    let seen = act(
        site().path(),
        "#!/overview/shop",
        1200,
        "const title = async (address) => { location.hash = address; const before = one('h1'); await wait(() => one('h1') && one('h1') !== before); return one('h1').textContent; };
         const first = one('h1').textContent;
         const pages = [first];
         for (const address of ['#!/model/model.shop.orders', '#!/model/model.shop.orders#description', '#!/source/source.shop.raw.orders', '#!/seed/seed.tools.days',
           '#!/snapshot/snapshot.tools.past', '#!/test/test.shop.not_null_orders_amount.1234567890', '#!/unit_test/unit_test.shop.orders.adds_up', '#!/macro/macro.shop.cents',
           '#!/exposure/exposure.shop.alert', '#!/metric/metric.shop.revenue', '#!/group/group.shop.finance', '#!/source_list/raw', '#!/overview']) pages.push(await title(address));
         const graphs = [];
         for (const address of ['#!/overview?g_v=1&g_i=%2Border_items%2B', '#!/model/model.shop.orders?g_v=1&g_i=+order_items+', '#!/overview?g_v=1&g_i=+customers&g_e=source:raw',
           '#!/model/model.shop.orders?g_v=1', '#!/overview?g_v=1&g_i=customers%20source:raw.orders%2B1']) graphs.push(await title(address), one('.hint').textContent);
         return { pages, graphs };",
    );
    assert_eq!(
        seen["pages"],
        json!([
            "shop",
            "orders",
            "orders",
            "raw.orders",
            "days",
            "past",
            "not_null amount",
            "adds_up",
            "cents",
            "Orders that grew",
            "revenue",
            "finance",
            "raw",
            "shop"
        ])
    );
    let graphs = ["3 nodes", "3 nodes", "2 nodes", "5 nodes", "3 nodes"];
    assert_eq!(seen["graphs"], json!(graphs.map(|hint| ["Lineage", hint]).concat()));
}

#[test]
fn a_package_lists_what_is_in_it() {
    let seen = act(
        site().path(),
        "#!/overview/tools",
        1200,
        "const text = one('main').innerText; const card = all('.card').find((it) => it.innerText.includes('Seeds')).getAttribute('href');
         location.hash = card; await wait(() => one('h1').textContent === 'Seeds'); return { text, seeds: one('main').innerText };",
    );
    let text = seen["text"].as_str().unwrap_or_default();
    for expected in
        ["tools", "Tools for everybody.", "4 resources", "days", "A snapshot of a package.", "past"]
    {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    assert!(!text.contains("orders"), "{text}");
    assert!(
        seen["seeds"]
            .as_str()
            .is_some_and(|list| list.contains("1 in package tools") && list.contains("days"))
    );
}

#[test]
fn dark_mode_is_kept_and_a_phone_scrolls_one_way_only() {
    let seen = act(
        site().path(),
        "#!/model/model.shop.customers",
        375,
        "await wait(() => one('h1')); const ground = () => getComputedStyle(document.body).backgroundColor; const before = [document.documentElement.dataset.theme, ground()];
         one('#theme').click(); const after = [document.documentElement.dataset.theme, ground()];
         one('#menu').click(); const open = getComputedStyle(one('#nav')).visibility;
         return { before, after, stored: localStorage.getItem('theme'), wide: document.documentElement.scrollWidth - document.documentElement.clientWidth, menu: getComputedStyle(one('#menu')).display, open };",
    );
    assert_ne!(seen["before"][0], seen["after"][0]);
    assert_ne!(seen["before"][1], seen["after"][1]);
    assert_eq!(seen["stored"], seen["after"][0]);
    assert!(seen["wide"].as_i64().is_some_and(|wide| wide <= 0), "{seen}");
    assert_eq!((&seen["menu"], &seen["open"]), (&json!("block"), &json!("visible")));
}

#[test]
fn one_file_is_the_whole_site() {
    let folder = site();
    let alone = tempfile::tempdir().expect("a folder");
    std::fs::copy(folder.path().join("static_index.html"), alone.path().join("index.html")).expect("copied");
    // What the test adds is a file of its own, which the page's policy has to allow.
    let page = alone.path().join("index.html");
    let html = std::fs::read_to_string(&page).expect("read");
    assert!(!html.contains("src=\"site/"), "the single file needs no other");
    std::fs::write(&page, html.replace("script-src 'unsafe-inline'", "script-src 'unsafe-inline' file:"))
        .expect("written");
    let seen = act(
        alone.path(),
        "#!/model/model.shop.customers",
        1200,
        "await wait(() => one('#lineage canvas')); return { title: one('h1').textContent, broken: window.broken ?? null };",
    );
    assert_eq!(seen, json!({"title": "customers", "broken": null}));
}
