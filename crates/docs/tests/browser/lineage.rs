//! Lineage: focus, filters, keys, columns.

use crate::chromium::act;
use crate::shop::{shop, write_site};
use platform_core::UniqueId;
use serde_json::{Value, json};

fn look(page: &str, script: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    write_site(&shop(), folder.path());
    act(folder.path(), page, 1200, script)
}

#[test]
fn lineage_is_walked_by_keyboard_and_said_aloud() {
    let seen = look(
        "#!/lineage?focus=model.shop.orders",
        "const canvas = await wait(() => one('#lineage canvas')); canvas.focus(); press('ArrowRight', canvas);
         const said = one('#lineage [aria-live]').textContent; press('ArrowLeft', canvas); press('ArrowLeft', canvas); const left = one('#lineage [aria-live]').textContent;
         press('ArrowRight', canvas); press('ArrowRight', canvas); press('Enter', canvas);
         const title = (await wait(() => one('h1')?.textContent !== 'Lineage' && one('h1'))).textContent; return { said, left, title };",
    );
    assert!(seen["said"].as_str().is_some_and(|said| said.contains("model, reads 1")), "{seen}");
    assert!(
        seen["left"]
            .as_str()
            .is_some_and(|said| said.starts_with("raw.orders, source, reads 0, read by 1, warn")),
        "{seen}"
    );
    assert!(["order_items", "customers"].iter().any(|name| seen["title"] == *name), "{seen}");
}

#[test]
fn operators_methods_and_filters_choose_nodes() {
    let seen = look(
        "#!/lineage",
        "const count = (text) => platform.select(text).length;
         const hint = () => one('.hint').textContent;
         const whole = hint();
         location.hash = '#!/lineage?status=warn'; await wait(() => hint() === '1 node'); const warned = hint();
         location.hash = '#!/lineage?kind=model&colour=status'; await wait(() => hint() === '5 nodes'); const models = drawn(one('#lineage canvas'));
         location.hash = '#!/lineage?select=nobody'; await wait(() => one('.nothing')); const nothing = one('.nothing').textContent;
         return { whole, warned, models, nothing, up: count('+customers'), one: count('1+customers'), down: count('orders+1'), both: count('+orders+'), at: count('@orders'),
           tag: count('tag:daily'), and: count('tag:daily,order*'), or: count('customers raw.orders'), method: count('source:raw') };",
    );
    assert_eq!(
        seen,
        json!({"whole": "10 nodes", "warned": "1 node", "models": true, "nothing": seen["nothing"], "up": 3, "one": 2, "down": 3, "both": 5,
            "at": 5, "tag": 3, "and": 2, "or": 2, "method": 1})
    );
    assert!(
        seen["nothing"].as_str().is_some_and(|text| text.starts_with("Nothing matches “nobody”")),
        "{seen}"
    );
}

#[test]
fn a_node_that_hides_from_the_docs_is_not_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut manifest = shop();
    let hidden = manifest.nodes.get_mut(&UniqueId::from("model.shop.order_items")).expect("a model");
    hidden.docs.insert("show".to_owned(), false.into());
    write_site(&manifest, folder.path());
    let script = "return [one('.hint').textContent, platform.select('orders+').map((at) => platform.resources[at].name)];";
    let seen = act(folder.path(), "#!/lineage", 1200, script);
    assert_eq!(seen, json!(["9 nodes", ["orders", "customers", "Orders that grew"]]));
}

#[test]
fn the_same_lineage_is_a_list_for_those_who_want_one() {
    let seen = look(
        "#!/lineage?select=%2Bcustomers&view=list",
        "return all('#lineage tbody tr').map((row) => [...row.cells].map((cell) => cell.innerText.trim()));",
    );
    assert_eq!(
        seen,
        json!([
            ["raw.orders", "source", "warn", "", "orders"],
            ["orders", "model", "success", "raw.orders", "customers"],
            ["customers", "model", "", "orders", ""]
        ])
    );
}

#[test]
fn a_column_is_traced_over_all_models() {
    let seen = look(
        "#!/column/model.shop.customers?column=amount",
        "await wait(() => one('.wires svg')); const title = one('h1').textContent, text = all('.wires text').map((it) => it.textContent);
         const link = all('.wires a').find((it) => it.getAttribute('href').includes('model.shop.orders?column=amount'));
         location.hash = link.getAttribute('href'); await wait(() => document.title.startsWith('orders.amount'));
         return { title, text, wires: all('.wire').length };",
    );
    assert_eq!(
        seen,
        json!({"title": "amount", "text": ["customers", "amount", "orders", "amount ?"], "wires": 2})
    );
}
