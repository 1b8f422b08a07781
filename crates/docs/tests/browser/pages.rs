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
    assert!(
        overview.contains("The shop")
            && overview.contains("1 failed")
            && overview.contains("Needs attention"),
        "{overview}"
    );
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
           list: await read('#!/source_list/raw', 'Sources'), missing: await read('#!/model/model.shop.gone', 'Not found') };",
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
    has("list", &["raw.orders"]);
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
         return [first, await title('#!/model/model.shop.orders'), await title('#!/model/model.shop.orders#description'), await title('#!/overview?g_v=1&g_i=%2Borders%2B'), one('.hint').textContent];",
    );
    assert_eq!(seen, json!(["shop", "orders", "orders", "Lineage", "5 nodes"]));
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
