//! axe-core on every kind of page, in both themes. It is fetched by npm when the test runs; where that can't be
//! done, the test says so and checks nothing.

use crate::chromium::act;
use crate::shop::{shop, write_site};
use serde_json::json;
use std::path::Path;
use std::process::Command;

const PAGES: [&str; 12] = [
    "#!/overview/tools",
    "#!/source/source.shop.raw.orders",
    "#!/unit_test/unit_test.shop.orders.adds_up",
    "#!/test/test.shop.not_null_orders_amount.1234567890",
    "#!/overview",
    "#!/model/model.shop.orders",
    "#!/exposure/exposure.shop.alert",
    "#!/macro/macro.shop.cents",
    "#!/list?kind=model",
    "#!/lineage",
    "#!/lineage?view=list",
    "#!/column/model.shop.orders?column=amount",
];

fn fetch_axe(into: &Path) -> Result<String, String> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    let output = npm.arg(into).arg("axe-core@4").output().map_err(|error| format!("npm: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    std::fs::read_to_string(into.join("node_modules/axe-core/axe.min.js")).map_err(|error| error.to_string())
}

#[test]
fn axe_finds_nothing_serious() {
    let fetched = tempfile::tempdir().expect("a folder");
    let axe = match fetch_axe(fetched.path()) {
        Ok(axe) => axe,
        Err(why) => {
            eprintln!("SKIPPED: accessibility was not checked, since axe-core could not be fetched: {why}");
            return;
        }
    };
    let folder = tempfile::tempdir().expect("a folder");
    write_site(&shop(), folder.path());
    std::fs::write(folder.path().join("axe.js"), axe).expect("written");
    let script = format!(
        "const script = document.createElement('script'); script.src = 'axe.js'; document.head.append(script);
         await new Promise((done) => {{ script.onload = done; }});
         const found = [];
         for (const theme of ['light', 'dark']) {{
           if (document.documentElement.dataset.theme !== theme) one('#theme').click();
           for (const page of {}) {{
             const before = one('h1'); location.hash = page; await wait(() => one('h1') && (one('h1') !== before || location.hash === page));
             await new Promise((done) => setTimeout(done, 50));
             const {{ violations }} = await axe.run(document, {{ resultTypes: ['violations'] }});
             for (const one of violations) if (['serious', 'critical'].includes(one.impact)) found.push([theme, page, one.id, one.nodes.slice(0, 3).map((node) => `${{node.html}} ${{node.failureSummary}}`)]);
           }}
         }}
         return found;",
        json!(PAGES)
    );
    let seen = act(folder.path(), "#!/overview", 1200, &script);
    assert_eq!(seen, json!([]), "{seen:#}");
}
