//! Seeds that are left alone until their files change.

use crate::scene::Scene;

const ROWS: &str = "select string_agg(id || ' ' || name, ', ' order by id) from dev.countries";

async fn scene(skip: &str) -> Scene {
    let properties = format!(
        "version: 2\nseeds:\n  - name: countries\n    config: {{meta: {{skip_unchanged: {skip}}}, \
         post_hook: 'insert into dev.hooks values (1)'}}\n"
    );
    let files =
        [("seeds/countries.csv", "id,name\n1,a\n2,b\n"), ("seeds/countries.yml", properties.as_str())];
    let scene = Scene::new(&files).await;
    scene.run_sql("create schema dev; create table dev.hooks (n int)").await;
    scene
}

/// Rows of the seed, and how often its hook ran.
async fn found(scene: &Scene) -> (String, String) {
    let hooks = scene.texts("select count(*)::text from dev.hooks").await;
    (scene.texts(ROWS).await.concat(), hooks.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_seed_keeps_its_rows_and_runs_its_hooks() {
    let scene = scene("true").await;
    scene.good("seed").says("INSERT 2");
    scene.good("seed").says("UNCHANGED");
    assert_eq!(found(&scene).await, ("1 a, 2 b".to_owned(), "2".to_owned()));
    // Rows that somebody changes one by one are nobody's business.
    scene.run_sql("update dev.countries set name = 'by hand' where id = 2").await;
    scene.good("build").says("UNCHANGED");
    assert_eq!(found(&scene).await.0, "1 a, 2 by hand");
    scene.write("seeds/countries.csv", "id,name\n1,a\n3,c\n");
    scene.good("seed").says("INSERT 2");
    assert_eq!(found(&scene).await.0, "1 a, 3 c");
    scene.good("seed").says("UNCHANGED");
    scene.good("seed --full-refresh").says("CREATE 2");
    scene.good("seed").says("UNCHANGED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_was_emptied_remade_or_filled_by_others_is_loaded_again() {
    let scene = scene("true").await;
    scene.good("seed");
    for done in [
        "truncate dev.countries",
        "drop table dev.countries; create table dev.countries (id int, name text)",
        "begin; truncate dev.countries; insert into dev.countries values (9, 'dbt Core'); commit",
    ] {
        scene.run_sql(done).await;
        scene.good("seed").says("INSERT 2");
        assert_eq!(found(&scene).await.0, "1 a, 2 b", "after {done}");
        scene.good("seed").says("UNCHANGED");
    }
    // The same bytes, read in another way.
    let properties = "version: 2\nseeds:\n  - name: countries\n    config: {meta: {skip_unchanged: true}, \
                      column_types: {id: text}}\n";
    scene.write("seeds/countries.yml", properties);
    scene.good("seed").says("INSERT 2");
    // A load that fails leaves rows and memory as they were.
    scene.write("seeds/countries.csv", "id,name\n1,a,b\n");
    assert_eq!(scene.dp("seed").code, 1);
    assert_eq!(found(&scene).await.0, "1 a, 2 b");
    scene.write("seeds/countries.csv", "id,name\n1,a\n2,b\n");
    scene.good("seed").says("UNCHANGED");
}

#[tokio::test(flavor = "multi_thread")]
async fn seeds_are_loaded_every_time_where_nobody_asks_otherwise() {
    let scene = scene("false").await;
    scene.good("seed").says("INSERT 2");
    scene.good("seed").says("INSERT 2");
    assert_eq!(scene.texts("select coalesce(to_regclass('platform.seeds')::text, '')").await, [""]);
    scene.write(
        "seeds/countries.yml",
        "version: 2\nseeds:\n  - name: countries\n    config: {meta: {skip_unchanged: 1}}\n",
    );
    let done = scene.dp("seed");
    assert_eq!(done.code, 1);
    done.says("`skip_unchanged` in the meta of seed `countries` is 1, and no boolean");
}

#[tokio::test(flavor = "multi_thread")]
async fn show_samples_what_was_loaded() {
    let scene = Scene::new(&[("seeds/a.csv", "id,day\n1,2024-01-02\n"), ("seeds/b.csv", "n\n1,2\n")]).await;
    let done = scene.dp("seed --show");
    done.says("Random sample of table: dev.a");
    done.says("-----------------------------\n");
    done.says("| id |        day |\n| -- | ---------- |\n|  1 | 2024-01-02 |\n");
    assert!(!done.text.contains("Random sample of table: dev.b"), "{}", done.text);
    let quiet = scene.good("--quiet seed --show --select a");
    assert_eq!(quiet.text, "| id |        day |\n| -- | ---------- |\n|  1 | 2024-01-02 |\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_one_line_break_is_a_table_without_columns() {
    let scene = Scene::new(&[("seeds/a.csv", "\n")]).await;
    scene.good("seed").says("INSERT 0");
    assert_eq!(scene.texts("select count(*)::text from dev.a").await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_in_another_encoding_is_refused_before_anything_runs() {
    let scene = Scene::new(&[("models/m.sql", "select 1 as a")]).await;
    std::fs::create_dir_all(scene.path("seeds")).expect("a folder");
    std::fs::write(scene.path("seeds/a.csv"), b"n\n\xe9\n").expect("a file");
    let done = scene.dp("run");
    assert_eq!(done.code, 2);
    done.says("seeds/a.csv:2: byte 2 of the seed is not UTF-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_seed_or_snapshot_is_told_as_dbt_tells_it() {
    let properties = "version: 2\nseeds:\n  - {name: granted, config: {grants: {select: [nobody_at_all]}}}\n";
    let files = [
        ("seeds/long.csv", "id,name\n1,a,b\n"),
        ("seeds/granted.csv", "id\n1\n"),
        ("seeds/s.yml", properties),
        (
            "snapshots/s.sql",
            "{% snapshot s %}{{ config(strategy='check', check_cols='all', unique_key='id') }}\
             select nope as id{% endsnapshot %}",
        ),
    ];
    let scene = Scene::new(&files).await;
    let done = scene.dp("build");
    done.says("Compilation Error in seed long (seeds/long.csv)");
    done.says("role \"nobody_at_all\" does not exist");
    done.says("compiled code at target/run/shop/seeds/granted.csv");
    done.says("ERROR snapshotting dev.s ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_other_types_takes_a_seed_as_dbts_inserts_would() {
    let scene = Scene::new(&[("seeds/a.csv", "id,b\n1,x\n")]).await;
    scene.good("seed");
    for (rows, told) in [
        ("id,b\n1.5,x\n", Ok("2 x")),
        ("id,b\n7,true\n", Ok("7 true")),
        (
            "id,b\n3000000000,x\n",
            Err("integer out of range\n  CONTEXT:  COPY a, line 1, column id: \"3000000000\""),
        ),
        ("id,b\n3000000000.5,x\n", Err("integer out of range")),
        ("id,b\ntrue,x\n", Err("column \"id\" is of type integer but expression is of type boolean")),
        ("id,b\n2024-01-02,x\n", Err("column \"id\" is of type integer but expression is of type date")),
        (
            "id,b\n1,x\nhello,y\n",
            Err("invalid input syntax for type integer: \"hello\"\n  CONTEXT:  COPY a, line 2"),
        ),
        ("id,c\n1,x\n", Err("column \"c\" of relation \"a\" does not exist")),
    ] {
        scene.write("seeds/a.csv", rows);
        match told {
            Ok(row) => {
                scene.good("seed");
                assert_eq!(scene.texts("select id || ' ' || b from dev.a").await, [row], "{rows}");
            }
            Err(told) => {
                let done = scene.dp("seed");
                assert_eq!(done.code, 1, "{rows}");
                done.says(told);
            }
        }
    }
    let generated = "seeds: [{name: a, config: {column_types: {b: int generated always as (id) stored}}}]";
    scene.write("seeds/a.yml", generated);
    scene.write("seeds/a.csv", "id,b\n1,2\n");
    scene.dp("seed --full-refresh").says("cannot insert a non-DEFAULT value into column \"b\"");
}
