//! The site in a real browser: Chromium, headless, from disk. A script in the page acts as a person would and
//! writes down what it saw.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that can't go on says why and fails")]

use docs::site::assemble::Input;
use docs::{Catalog, History};
use platform_core::Manifest;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Chromium under the names distributions give it.
fn chromium() -> PathBuf {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|it| it.exists());
    found.expect("these tests need Chromium: `apt-get install chromium` (or another package of that name)")
}

fn model(name: &str, description: &str, parents: &[&str], columns: &[&str]) -> (String, Value) {
    let id = format!("model.shop.{name}");
    let columns: serde_json::Map<String, Value> = columns
        .iter()
        .map(|name| ((*name).to_owned(), json!({"name": name, "description": "A **column**."})))
        .collect();
    let node = json!({
        "database": "db", "schema": "shop", "name": name, "resource_type": "model", "package_name": "shop",
        "path": format!("{name}.sql"), "original_file_path": format!("models/marts/{name}.sql"), "unique_id": id,
        "fqn": ["shop", name], "alias": name, "config": {"materialized": "table"}, "description": description,
        "columns": columns, "relation_name": format!("\"db\".\"shop\".\"{name}\""),
        "raw_code": format!("select * from {{{{ ref('x') }}}} where note = 'of {name}' -- last words"),
        "depends_on": {"nodes": parents.iter().map(|it| format!("model.shop.{it}")).collect::<Vec<_>>(), "macros": []},
    });
    (id, node)
}

fn manifest(models: Vec<(String, Value)>) -> Manifest {
    let parents: serde_json::Map<String, Value> =
        models.iter().map(|(id, node)| (id.clone(), node["depends_on"]["nodes"].clone())).collect();
    let nodes: serde_json::Map<String, Value> = models.into_iter().collect();
    serde_json::from_value(json!({
        "metadata": {"project_name": "shop", "generated_at": "2026-11-22T10:00:00Z"}, "nodes": nodes, "parent_map": parents,
    }))
    .expect("a manifest")
}

fn shop() -> Manifest {
    manifest(vec![
        model("orders", "One row per order.", &[], &["order_id", "amount"]),
        model("order_items", "One row per item.", &["orders"], &["item_id", "order_id"]),
        model(
            "customers",
            "<script>window.broken = 1</script><img src=x onerror='window.broken = 1'>",
            &["orders"],
            &["customer_id", "lifetime_value"],
        ),
    ])
}

fn write_site(manifest: &Manifest, folder: &Path) {
    let input = Input { manifest, catalog: &Catalog::default(), results: None, history: &History::default() };
    docs::site::write(&input, folder).expect("written");
}

/// Opens `page` of the site, lets `script` act in it, and gives what it returned.
fn act(folder: &Path, page: &str, width: u32, script: &str) -> Value {
    let profile = tempfile::tempdir().expect("a profile");
    let helper = r"
        const wait = (ready) => new Promise((done, failed) => { let tries = 0; const look = () => { const found = ready(); if (found) return done(found); if (tries++ > 200) return failed(new Error('waited in vain for ' + ready)); setTimeout(look, 10); }; look(); });
        const one = (selector) => document.querySelector(selector);
        const type = (text) => { const box = one('#query'); box.focus(); box.value = text; box.dispatchEvent(new Event('input')); };
        const press = (key, target) => (target || document.activeElement || document.body).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    ";
    let acting = format!(
        "<script>{helper}(async () => {{ {script} }})().catch((error) => ({{ error: String(error) }})).then((seen) => {{ \
         const made = document.createElement('pre'); made.id = 'seen'; made.textContent = JSON.stringify(seen); \
         document.body.append(made); }});</script></body>"
    );
    let name =
        format!("{}.html", profile.path().file_name().and_then(|name| name.to_str()).unwrap_or("acting"));
    let html =
        std::fs::read_to_string(folder.join("index.html")).expect("the page").replace("</body>", &acting);
    std::fs::write(folder.join(&name), html).expect("written");
    let output = Command::new(chromium())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},900"))
        .args(["--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("file://{}/{name}{page}", folder.display()))
        .output()
        .expect("Chromium starts");
    let dom = String::from_utf8_lossy(&output.stdout);
    let seen = dom.split_once(r#"<pre id="seen">"#).and_then(|(_, rest)| rest.split_once("</pre>"));
    let (seen, _) =
        seen.unwrap_or_else(|| panic!("nothing seen: {dom} {}", String::from_utf8_lossy(&output.stderr)));
    let seen = seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&seen).expect("what was seen is JSON")
}

#[test]
fn search_ranks_names_first_and_enter_opens_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    write_site(&shop(), folder.path());
    let seen = act(
        folder.path(),
        "",
        1200,
        "press('/', document.body); const focused = document.activeElement.id;
         type('order'); const first = (await wait(() => one('.hit'))).textContent; const names = [...document.querySelectorAll('.hit')].map((hit) => hit.getAttribute('href'));
         type('lifetime'); const byColumn = one('.hit').getAttribute('href');
         type('order_items'); press('Enter', one('#query')); const title = (await wait(() => one('h1')?.textContent === 'order_items' && one('h1'))).textContent;
         return { focused, first, names, byColumn, title, address: location.hash };",
    );
    assert_eq!(seen["focused"], "query");
    assert_eq!(seen["names"][0], "#!/model/model.shop.orders", "{seen}");
    assert_eq!(seen["byColumn"], "#!/model/model.shop.customers");
    assert_eq!(seen["address"], "#!/model/model.shop.order_items");
}

#[test]
fn search_finds_words_of_the_sql() {
    let folder = tempfile::tempdir().expect("a folder");
    write_site(&shop(), folder.path());
    let seen = act(
        folder.path(),
        "",
        1200,
        "type('of customers'); return (await wait(() => one('a.hit'))).getAttribute('href');",
    );
    assert_eq!(seen, "#!/model/model.shop.customers");
}

#[test]
fn a_page_shows_columns_lineage_and_sql_and_runs_nothing_of_a_description() {
    let folder = tempfile::tempdir().expect("a folder");
    write_site(&shop(), folder.path());
    let seen = act(
        folder.path(),
        "#!/model/model.shop.customers",
        1200,
        "await wait(() => one('#lineage canvas'));
         const canvas = one('#lineage canvas'), pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
         return { broken: window.broken ?? null, text: one('main').innerText, drawn: pixels.some((byte) => byte), keyword: one('pre .k')?.textContent, jinja: one('pre .j')?.textContent, current: one('nav [aria-current]')?.textContent };",
    );
    assert_eq!(seen["broken"], Value::Null, "{seen}");
    let text = seen["text"].as_str().unwrap_or_default();
    assert!(
        text.contains("<script>") && text.contains("lifetime_value") && text.contains("Depends on (1)"),
        "{text}"
    );
    assert_eq!(seen["drawn"], true);
    assert_eq!((&seen["keyword"], &seen["jinja"]), (&json!("select"), &json!("{{ ref('x') }}")));
    assert_eq!(seen["current"], "customers");
}

#[test]
fn lineage_is_walked_by_keyboard_and_said_aloud() {
    let folder = tempfile::tempdir().expect("a folder");
    write_site(&shop(), folder.path());
    let seen = act(
        folder.path(),
        "#!/lineage?focus=model.shop.orders",
        1200,
        "const canvas = await wait(() => one('#lineage canvas')); canvas.focus(); press('ArrowRight', canvas);
         const said = one('[aria-live]').textContent; press('Enter', canvas);
         const title = (await wait(() => one('h1')?.textContent !== 'Lineage' && one('h1'))).textContent; return { said, title };",
    );
    assert!(seen["said"].as_str().is_some_and(|said| said.contains("reads 1")), "{seen}");
    assert!(["order_items", "customers"].iter().any(|name| seen["title"] == *name), "{seen}");
}

#[test]
fn dark_mode_is_kept_and_a_phone_scrolls_one_way_only() {
    let folder = tempfile::tempdir().expect("a folder");
    write_site(&shop(), folder.path());
    let seen = act(
        folder.path(),
        "#!/model/model.shop.customers",
        500,
        "await wait(() => one('h1')); const before = document.documentElement.dataset.theme; one('#theme').click();
         return { before, after: document.documentElement.dataset.theme, wide: document.documentElement.scrollWidth - innerWidth, menu: getComputedStyle(one('#menu')).display };",
    );
    assert_ne!(seen["before"], seen["after"]);
    assert!(seen["wide"].as_i64().is_some_and(|wide| wide <= 0), "{seen}");
    assert_eq!(seen["menu"], "block");
}

#[test]
fn five_thousand_models_open_and_draw() {
    let folder = tempfile::tempdir().expect("a folder");
    let models = (0..5000)
        .map(|at: usize| {
            let parents: Vec<String> = (at >= 50).then(|| format!("m{}", at - 50)).into_iter().collect();
            let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
            model(&format!("m{at}"), "One of many.", &parents, &["id"])
        })
        .collect();
    write_site(&manifest(models), folder.path());
    let seen = act(
        folder.path(),
        "#!/lineage",
        1200,
        "const canvas = await wait(() => one('#lineage canvas')); const hint = one('.hint').textContent;
         const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data; return { hint, drawn: pixels.some((byte) => byte) };",
    );
    assert!(seen["hint"].as_str().is_some_and(|hint| hint.starts_with("5,000 nodes")), "{seen}");
    assert_eq!(seen["drawn"], true);
}
