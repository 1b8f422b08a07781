//! Seeds made at random, loaded by us and by dbt Core: the same types, the same rows, the same refusals.
//!
//! `VERIFY_DBT` names the dbt to hold against; without it the test says that it was skipped. `SEEDS` asks for more
//! files, `SEEDS_FROM` for others.

use crate::seeds::load;
use crate::world::World;
use ingest::seeds::Reader;
use platform_core::seed::{SeedOptions, SeedReader as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// What a column may hold; most columns hold one kind and some nulls.
const KINDS: [&[&str]; 9] = [
    &["0", "1", "-1", "+5", "007", "42", "2147483647", "1,000", "12 ", " 3", "1_000", "٣"],
    &[
        "1.0",
        "1.50",
        "-0.0",
        ".5",
        "5.",
        "1e5",
        "1E-7",
        "123456789.123456789",
        "1,234.5",
        "$3.50",
        "12%",
        "0.10",
    ],
    &["true", "False", "TRUE", "t", "f", "yes", "No", "y", "n", "1", "0"],
    &[
        "2020-01-31",
        "2020-1-3",
        "01/31/2020",
        "31/01/2020",
        "Jan 3, 2020",
        "20200103",
        "2020-02-30",
        "1999-12-31 ",
    ],
    &[
        "2020-01-31 10:11:12",
        "2020-01-31 10:11",
        "2020-01-31 10:11:12.5",
        "01/31/2020 10:11:12 PM",
        "2020-01-31 24:00",
    ],
    &[
        "2020-01-31T10:11:12",
        "2020-01-31T10:11:12Z",
        "2020-01-31T10:11:12+02:00",
        "2020-01-31T10:11",
        "2020-01-31T10:11:12.123456",
        "2020-W05-3",
    ],
    &[
        "a",
        "word",
        "two words",
        " padded ",
        "ünïcode",
        "it's",
        "say \"hi\"",
        "a,b",
        "line\nbreak",
        "back\\slash",
        "tab\there",
    ],
    &["10:11:12", "10:11", "P1D", "1 day", "3 weeks", "1h30m"],
    &["NaN", "inf", "Infinity", "0x1f", "1e400", "-", "--", "1.2.3", "nil"],
];
const NULLS: [&str; 9] = ["", "", "", "null", "NULL", "none", "n/a", "NA", "."];

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).expect("small")
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn field(&mut self, text: &str, delimiter: char) -> String {
        let needed = text.contains([delimiter, '"', '\n', '\r']);
        if needed || self.below(6) == 0 {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    }

    /// A file's text, and its delimiter.
    fn seed(&mut self) -> (String, char) {
        let delimiter = if self.below(8) == 0 { ';' } else { ',' };
        let columns: Vec<usize> = (0..=self.below(4)).map(|_| self.below(KINDS.len())).collect();
        let names: Vec<String> = (0..columns.len()).map(|at| format!("c{at}")).collect();
        let mut text = names.join(&delimiter.to_string()) + "\n";
        // Of most columns all values are of a few words, so that one odd one does not make them all text.
        let words: Vec<Vec<&str>> =
            columns.iter().map(|kind| (0..=self.below(3)).map(|_| self.of(KINDS[*kind])).collect()).collect();
        for _ in 0..self.below(7) {
            let mut fields = Vec::new();
            for words in &words {
                let word = match self.below(24) {
                    0..4 => self.of(&NULLS),
                    4 => {
                        let kind = self.below(KINDS.len());
                        self.of(KINDS[kind])
                    }
                    _ => self.of(words),
                };
                fields.push(self.field(word, delimiter));
            }
            match self.below(30) {
                0 => fields.truncate(1),
                1 if self.below(4) == 0 => fields.push("surplus".to_owned()),
                _ => {}
            }
            text += &(fields.join(&delimiter.to_string()) + if self.below(20) == 0 { "\r\n" } else { "\n" });
        }
        (text, delimiter)
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test]
async fn random_seeds_become_the_tables_that_dbt_makes() {
    let Some(dbt) = std::env::var_os("VERIFY_DBT") else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: `VERIFY_DBT` names no dbt to hold seeds against");
        return;
    };
    let world = World::new(Vec::new()).await;
    let mut random = Random(number("SEEDS_FROM", 1));
    let mut seeds = BTreeMap::new();
    let mut settings = serde_json::Map::new();
    for nth in 0..number("SEEDS", 120) {
        let (text, delimiter) = random.seed();
        let name = format!("s{nth:04}");
        world.write(&format!("seeds/{name}.csv"), &text);
        settings.insert(name.clone(), json!({"+delimiter": delimiter}));
        seeds.insert(name, (text, delimiter));
    }
    let statuses = seed_with_dbt(Path::new(&dbt), &world, &settings);
    let zone = world.rows("show timezone").await;
    let mut differences = Vec::new();
    let mut loaded = 0;
    for (name, (text, delimiter)) in &seeds {
        let theirs = statuses.get(name).is_some_and(|status| status == "success");
        let options = SeedOptions { delimiter: *delimiter, text_columns: Vec::new() };
        let ours = match Reader.open(&world.path(&format!("seeds/{name}.csv")), &options) {
            Ok(table) => load(&world, &*table, &zone, &[]).await,
            Err(error) => Err(error.to_string()),
        };
        if ours.is_ok() != theirs {
            differences.push(format!("{text:?}: {ours:?}, dbt: {:?}", statuses.get(name)));
            continue;
        }
        if !theirs {
            continue;
        }
        loaded += 1;
        let (mine, dbts) =
            (table(&world, "public.seed").await, table(&world, &format!("seeded.{name}")).await);
        if mine != dbts {
            differences.push(format!("{text:?}:\n  ours {mine}\n  dbt  {dbts}"));
        }
    }
    assert!(loaded > seeds.len() / 2, "only {loaded} of {} seeds were loaded", seeds.len());
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        seeds.len(),
        differences.join("\n")
    );
}

/// Types of the columns, and the rows, in a text.
async fn table(world: &World, name: &str) -> String {
    let columns = format!(
        "select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum) \
         from pg_attribute where attrelid = '{name}'::regclass and attnum > 0"
    );
    let rows = format!("select coalesce(json_agg(to_json(t)), '[]') from {name} as t");
    format!("{} {}", world.rows(&columns).await, world.rows(&rows).await)
}

/// Runs `dbt seed` once over all files; gives the status of each.
fn seed_with_dbt(
    dbt: &Path,
    world: &World,
    settings: &serde_json::Map<String, Value>,
) -> BTreeMap<String, String> {
    let project =
        json!({"name": "random", "version": "1.0.0", "profile": "random", "seeds": {"random": settings}});
    let server = world.settings().servers().into_iter().next().expect("an address");
    let output = json!({
        "type": "postgres", "host": server.name, "port": server.port, "user": world.settings().login(),
        "password": world.settings().password.as_ref().map(|password| password.reveal().to_owned()),
        "dbname": world.settings().database(), "schema": "seeded", "threads": 4,
    });
    let profiles = json!({"random": {"target": "it", "outputs": {"it": output}}});
    world.write("dbt_project.yml", project.to_string());
    world.write("profiles.yml", profiles.to_string());
    let ran = Command::new(dbt)
        .args(["seed", "--profiles-dir", ".", "--no-version-check"])
        .current_dir(world.folder.path())
        .env("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        .env_remove("DBT_TARGET_PATH")
        .output()
        .expect("dbt runs");
    let said = || String::from_utf8_lossy(&ran.stdout).into_owned();
    let results =
        std::fs::read(world.path("target/run_results.json")).unwrap_or_else(|_| panic!("{}", said()));
    let results: Value = serde_json::from_slice(&results).expect("JSON");
    let results = results["results"].as_array().expect("results").iter().map(|result| {
        let id = result["unique_id"].as_str().expect("an id");
        let status = result["status"].as_str().expect("a status");
        (id.rsplit('.').next().unwrap_or(id).to_owned(), status.to_owned())
    });
    results.collect()
}
