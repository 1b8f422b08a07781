//! Hostile files: each of `fixtures/hostile/` as it comes out of a load that allows no bad row, and of one that allows ten.

use crate::world::{World, told};
use ingest::check;
use ingest::report::Outcome;
use serde_json::json;
use std::path::Path;

const ROWS: &str = "select a, b, _line from raw.t order by _line";
const REJECTED: &str = "select line, byte, \"column\", reason, raw from raw.t__rejected order by line";

#[tokio::test]
async fn each_hostile_file_has_its_outcome() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/hostile");
    let mut names: Vec<_> =
        std::fs::read_dir(folder).expect("fixtures").map(|entry| entry.expect("a file").path()).collect();
    names.sort();
    let (strict, lenient) =
        (World::simple(json!({})).await, World::simple(json!({"max_bad_rows": 10})).await);
    for path in names {
        let bytes = std::fs::read(&path).expect("reads");
        let mut text = String::new();
        for world in [&strict, &lenient] {
            world.write("csv_data/t.csv", &bytes);
            world.run("drop schema if exists raw cascade").await;
            let report = world.load_all().await.remove(0);
            let checked = check(&world.path("csv_data/t.csv"), "csv_data/t.csv", &world.feeds[0]);
            assert_eq!(
                checked.is_good(),
                report.outcome == Outcome::Loaded,
                "{}: check and load agree",
                path.display()
            );
            assert_eq!(checked.problems, report.problems, "{}: for the same reasons", path.display());
            // Without a bad row the two are the same.
            if world.feeds[0].max_bad_rows > 0 && report.tally().rejected == 0 {
                continue;
            }
            text += &told(&report);
            if report.outcome == Outcome::Loaded {
                let tally = report.tally();
                assert!(tally.balances(), "{}", path.display());
                text += &format!("{}\n", world.rows(ROWS).await);
                let rejected = world.rows(REJECTED).await;
                assert!(rejected.lines().count() as u64 >= tally.rejected);
                text += &format!("{rejected}\n");
            } else {
                assert_eq!(
                    world.rows("select to_regclass('raw.t') is null").await,
                    "t",
                    "nothing is left behind"
                );
            }
            assert_eq!(world.leftovers().await, "");
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        insta::with_settings!({ description => "", omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("hostile@{name}"), text);
        });
    }
}
