//! The binary `ingest`, as people use it: what it prints, and how it ends.

use crate::world::{World, source};
use platform_core::{Manifest, UniqueId};
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

/// A project with two sources, one of which may have a bad row.
async fn world() -> World {
    let world = World::new(Vec::new()).await;
    let mut manifest = Manifest::default();
    for source in [
        source(
            "orders",
            &["id", "amount"],
            json!({"pattern": "**/orders.csv*", "types": {"amount": "numeric"}, "max_bad_rows": 1}),
        ),
        source("shops", &["id", "name"], json!({"pattern": "**/shops.csv*"})),
    ] {
        manifest.sources.insert(UniqueId::new(source.unique_id.as_str()), source);
    }
    world.write("dbt_project.yml", "name: shop");
    world.write("target/manifest.json", serde_json::to_vec(&manifest).expect("JSON"));
    world
}

/// What the binary says, run in the project's folder: standard output, standard error, exit code. Times are left out.
fn said(world: &World, line: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ingest"))
        .args(line.split_whitespace())
        .current_dir(world.folder.path())
        .env("DATABASE_URL", world.settings().to_url().reveal())
        .env_remove("DBT_TARGET_PATH")
        .output()
        .expect("runs");
    let mut text = String::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let _ = writeln!(text, "{line}");
    }
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        let timeless = line.find(" blank in ").map(|at| {
            let (before, after) = line.split_at(at + " blank in ".len());
            format!("{before}…{}", after.split_once(" s").map_or("", |(_, after)| after))
        });
        let _ = writeln!(text, "! {}", timeless.unwrap_or_else(|| line.to_owned()));
    }
    let _ = write!(text, "ends with {}", output.status.code().expect("a code"));
    text
}

fn packed(text: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(text.as_bytes()).expect("writes");
    out.finish().expect("writes")
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_loads_and_says_what_became_of_each_record() {
    let world = world().await;
    world.write("csv_data/2026-11-20/orders.csv", "id,amount\n1,10\n2,ten\n\n");
    world.write("csv_data/2026-11-20/shops.csv.gz", packed("id,name\n1,x\n"));
    world.write("csv_data/2026-11-21/orders.csv", "id,amount\n1,11\n");
    world.write(
        "csv_data/2026-11-21/shops.csv",
        zstd::encode_all(&b"id,name\n1,x\n2,y\n"[..], 1).expect("packs"),
    );
    insta::assert_snapshot!(said(&world, "plan"), @"
    2026-11-20  new        csv_data/2026-11-20/orders.csv → raw.orders (replace, 22 bytes)
    2026-11-20  new        csv_data/2026-11-20/shops.csv.gz → raw.shops (replace, 32 bytes)
    2026-11-21  new        csv_data/2026-11-21/orders.csv → raw.orders (replace, 15 bytes)
    2026-11-21  new        csv_data/2026-11-21/shops.csv → raw.shops (replace, 25 bytes)
    2 of 2 drops to load
    ends with 0
    ");
    assert_eq!(world.rows("select to_regclass('platform.loads')").await, "∅", "a plan changes nothing");
    insta::assert_snapshot!(said(&world, "load"), @"
    ! csv_data/2026-11-20/orders.csv into raw.orders: 3 records = 1 loaded + 1 quarantined + 1 blank in …
    ! warning: I012 csv_data/2026-11-20/orders.csv  1 empty line skipped
    ! warning: 1 record of csv_data/2026-11-20/orders.csv quarantined in raw.orders__rejected, each with its line and the reason
    ! csv_data/2026-11-20/shops.csv.gz into raw.shops: 1 record = 1 loaded + 0 quarantined + 0 blank in …
    ! csv_data/2026-11-21/orders.csv into raw.orders: 1 record = 1 loaded + 0 quarantined + 0 blank in …
    ! csv_data/2026-11-21/shops.csv into raw.shops: 2 records = 2 loaded + 0 quarantined + 0 blank in …
    ends with 0
    ");
    insta::assert_snapshot!(said(&world, "load"), @"
    ! nothing to load: 2 drops are loaded already
    ends with 0
    ");
    world.write("csv_data/2026-11-20/orders.csv", "id,amount\n1,10\n2,12\n");
    insta::assert_snapshot!(said(&world, "plan"), @"
    2026-11-20  corrected  csv_data/2026-11-20/orders.csv → raw.orders (replace, 20 bytes)
    2026-11-20  again      csv_data/2026-11-20/shops.csv.gz → raw.shops (replace, 32 bytes)
    2026-11-21  again      csv_data/2026-11-21/orders.csv → raw.orders (replace, 15 bytes)
    2026-11-21  again      csv_data/2026-11-21/shops.csv → raw.shops (replace, 25 bytes)
    again: a correction took the table back to an earlier date
    2 of 2 drops to load
    ends with 0
    ");
    insta::assert_snapshot!(said(&world, "load"), @"
    ! csv_data/2026-11-20/orders.csv into raw.orders: 2 records = 2 loaded + 0 quarantined + 0 blank in …; corrects load 1
    ! csv_data/2026-11-20/shops.csv.gz into raw.shops: 1 record = 1 loaded + 0 quarantined + 0 blank in …
    ! csv_data/2026-11-21/orders.csv into raw.orders: 1 record = 1 loaded + 0 quarantined + 0 blank in …
    ! csv_data/2026-11-21/shops.csv into raw.shops: 2 records = 2 loaded + 0 quarantined + 0 blank in …
    ends with 0
    ");
    assert_eq!(world.rows("select id, amount, _business_date from raw.orders").await, "1|11|2026-11-21");
    assert_eq!(world.rows("select id, name from raw.shops").await, "1|x\n2|y");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_refuses_it_names_and_leaves_the_tables_as_they_were() {
    let world = world().await;
    world.write("csv_data/2026-11-20/orders.csv", "id,amount\n1,10\n");
    world.write("csv_data/2026-11-20/shops.csv", "id,name\n1,x\n");
    said(&world, "load");
    world.write("csv_data/2026-11-21/orders.csv", "id,amount\n1,ten\n2,x,\n3,1\n");
    world.write("csv_data/2026-11-21/shops.csv", "id,nmae\n1,x\n");
    insta::assert_snapshot!(said(&world, "load"), @"
    ! error: I010 csv_data/2026-11-21/orders.csv:2:3  `amount` is no numeric: `ten`
    !     1,ten
    !       ^
    ! error: I010 csv_data/2026-11-21/orders.csv:3:5  3 fields where the header has 2
    !     2,x,
    !         ^
    ! error: I010 csv_data/2026-11-21/orders.csv  2 bad rows for `raw.orders`, 1 is allowed
    !   hint: mend the file, or set `max_bad_rows: 2` under `drop` of the source: they then go to `raw.orders__rejected`
    ! error: I004 csv_data/2026-11-21/shops.csv:1:4  column `nmae` is not a column of `raw.shops`
    !   hint: did you mean `name`?
    !     id,nmae
    !        ^
    ! error: I003 csv_data/2026-11-21/shops.csv:1:1  column `name` is missing from the header
    !   hint: the header has `nmae`: rename it
    !     id,nmae
    !     ^
    ! the drop of 2026-11-21 is refused: nothing of it was loaded, the tables are as they were
    ends with 1
    ");
    insta::assert_snapshot!(said(&world, "load --drop 2026-11-22"), @"
    ! failed to find a drop of 2026-11-22 in csv_data
    ! hint: there is 2026-11-20, 2026-11-21
    ends with 2
    ");
    assert_eq!(world.rows("select amount from raw.orders").await, "10");
    std::fs::remove_dir_all(world.path("target")).expect("removes");
    insta::assert_snapshot!(said(&world, "plan"), @"
    ! failed to read target/manifest.json: No such file or directory (os error 2)
    ! hint: `dp parse` writes it
    ends with 2
    ");
    std::fs::remove_file(world.path("dbt_project.yml")).expect("removes");
    insta::assert_snapshot!(said(&world, "plan"), @"
    ! failed to find dbt_project.yml in this folder
    ! hint: go to the project's folder, or name it by --project-dir
    ends with 2
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_files_packed_ones_and_folders_without_a_database() {
    let world = world().await;
    world.write("csv_data/2026-11-20/orders.csv", "id,amount\n1,10\n2,ten\n\n");
    world.write("csv_data/2026-11-20/shops.csv.gz", packed("id,name\n1,x\n"));
    let whole = packed("id,name\n1,x\n");
    world.write("other/cut.csv.gz", &whole[..whole.len() - 6]);
    world.write("other/program", b"MZ\0\0\0\0\0");
    world.write("other/semicolons.csv", "id;name\n1;x\n");
    world.write("other/zst.csv.zst", zstd::encode_all(&b"id,name\n1,x\n"[..], 1).expect("packs"));
    insta::assert_snapshot!(said(&world, "check"), @"
    csv_data/2026-11-20/orders.csv: 2 columns, 3 records = 1 to load + 1 to quarantine + 1 blank
    csv_data/2026-11-20/shops.csv.gz: 2 columns, 1 record = 1 to load + 0 to quarantine + 0 blank
    ! warning: I012 csv_data/2026-11-20/orders.csv  1 empty line skipped
    ! warning: I010 csv_data/2026-11-20/orders.csv:3:3  `amount` is no numeric: `ten`
    !     2,ten
    !       ^
    ends with 0
    ");
    insta::assert_snapshot!(said(&world, "check other nowhere.csv"), @r"
    other/cut.csv.gz: a load would refuse it
    other/program: a load would refuse it
    other/semicolons.csv: a load would refuse it
    other/zst.csv.zst: 2 columns, 1 record = 1 to load + 0 to quarantine + 0 blank
    nowhere.csv: a load would refuse it
    ! error: I001 other/cut.csv.gz  read the file: unexpected end of file
    !   hint: the packed file is cut off or damaged: send it again
    ! error: I002 other/program:1:1  the header has a NUL byte: this is no text
    !   hint: export it as CSV in UTF-8, or name its encoding under `drop` if it has another
    !     MZ\x00\x00\x00\x00\x00
    !     ^
    ! error: I006 other/semicolons.csv:1:1  with the delimiter `,` the header has 1 column, with `;` 2
    !   hint: no source of the project takes this file; --delimiter says how to read it
    !     id;name
    !     ^
    ! error: I001 nowhere.csv  read the file: No such file or directory (os error 2)
    !   hint: is the path right, or was the file moved meanwhile?
    ends with 1
    ");
    insta::assert_snapshot!(said(&world, "check other/semicolons.csv --delimiter ;"), @"
    other/semicolons.csv: 2 columns, 1 record = 1 to load + 0 to quarantine + 0 blank
    ends with 0
    ");
    assert_eq!(world.rows("select to_regclass('platform.loads')").await, "∅");
}
