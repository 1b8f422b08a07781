//! Made-up dbt projects of any size. The same size gives the same files.

use anyhow::Context;
use std::fmt::Write as _;
use std::path::Path;

/// Models of one layer; each reads models of the layer above.
const WIDTH: usize = 50;

const MACROS: &str = "{% macro cents(column, scale=2) -%}
    round(({{ column }} / 100.0)::numeric, {{ scale }})
{%- endmacro %}

{% macro listed(names) -%}
    {% for name in names %}{{ name }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}
";

/// The profile `bench`, from libpq's variables.
const PROFILE: &str = "bench:
  target: bench
  outputs:
    bench:
      type: postgres
      host: \"{{ env_var('PGHOST', 'localhost') }}\"
      port: \"{{ env_var('PGPORT', '5432') | as_number }}\"
      user: \"{{ env_var('PGUSER', 'bench') }}\"
      password: \"{{ env_var('PGPASSWORD', '') }}\"
      dbname: \"{{ env_var('PGDATABASE', 'bench') }}\"
      schema: bench
      threads: 4
";

/// A project in layers: a properties file a layer, and in each model `config`, up to three `ref`s, two macros and a
/// variable; two tests a model.
pub fn layered(folder: &Path, models: usize) -> anyhow::Result<()> {
    frame(folder)?;
    put(folder, "macros/text.sql", MACROS)?;
    put(folder, "seeds/base.csv", &seed())?;
    let mut chance = Chance(3);
    for first in (0..models).step_by(WIDTH) {
        let layer = first / WIDTH;
        let mut properties = "models:\n".to_owned();
        for model in first..models.min(first + WIDTH) {
            let upstream = upstream(layer, &mut chance);
            put(folder, &format!("models/l{layer:03}/m{model:05}.sql"), &query(model, layer, &upstream))?;
            let _ = write!(
                properties,
                "  - name: m{model:05}\n    description: Model {model} of layer {layer}.\n    columns:\n      - name: id\n        \
                 description: key\n        data_tests: [unique, not_null]\n      - name: amount\n        description: money\n"
            );
        }
        put(folder, &format!("models/l{layer:03}/layer.yml"), &properties)?;
    }
    Ok(())
}

/// A project of views that read nothing, so that all of the time is the engine's and the catalog's.
pub fn views(folder: &Path, count: usize) -> anyhow::Result<()> {
    frame(folder)?;
    (0..count).try_for_each(|view| {
        put(folder, &format!("models/v{view:05}.sql"), &format!("select {view} as id, 'view' as name\n"))
    })
}

fn frame(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("failed to empty {}", folder.display()))?;
    }
    put(
        folder,
        "dbt_project.yml",
        "name: bench\nprofile: bench\nmodels:\n  bench:\n    +materialized: view\n",
    )?;
    put(folder, "profiles.yml", PROFILE)
}

fn seed() -> String {
    (0..100).fold("id,amount,name\n".to_owned(), |text, row| text + &format!("{row},{},n{row}\n", row * 3))
}

fn upstream(layer: usize, chance: &mut Chance) -> Vec<String> {
    let Some(above) = layer.checked_sub(1) else { return vec!["base".to_owned()] };
    let count = 1 + chance.below(3);
    let mut names: Vec<String> =
        (0..count).map(|_| format!("m{:05}", above * WIDTH + chance.below(WIDTH))).collect();
    names.sort();
    names.dedup();
    names
}

fn query(model: usize, layer: usize, upstream: &[String]) -> String {
    let kind = if model.is_multiple_of(7) { "table" } else { "view" };
    let mut text = format!("{{{{ config(materialized='{kind}', tags=['l{layer}']) }}}}\n\n");
    for (at, name) in upstream.iter().enumerate() {
        let word = if at == 0 { "with" } else { "," };
        let _ = writeln!(text, "{word} u{at} as (select * from {{{{ ref('{name}') }}}})");
    }
    text += "\nselect {{ listed(['u0.id', 'u0.name']) }}, {{ cents('u0.amount') }} as amount\nfrom u0\n";
    for at in 1..upstream.len() {
        let _ = writeln!(text, "inner join u{at} on u0.id = u{at}.id");
    }
    text + "{% if var('limit', none) is not none %}limit {{ var('limit') }}{% endif %}\n"
}

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }
}

fn put(folder: &Path, path: &str, text: &str) -> anyhow::Result<()> {
    let path = folder.join(path);
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent).with_context(|| format!("failed to make {}", parent.display()))?;
    std::fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_size_gives_the_same_files() {
        let read = |folder: &Path| std::fs::read_to_string(folder.join("models/l001/m00051.sql"));
        let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        for folder in [&one, &other] {
            layered(&folder.path().join("p"), 60).expect("made");
        }
        let texts = [&one, &other].map(|folder| read(&folder.path().join("p")).expect("there"));
        assert_eq!(texts[0], texts[1]);
        assert!(texts[0].contains("ref('m000"), "{}", texts[0]);
    }
}
