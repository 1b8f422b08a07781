//! Parses all macro files of a folder, then measures loading and rendering.
//!
//!     cargo run --release -p jinja --example measure -- FOLDER

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jinja::{BlockKind, BlockTags, Environment, Macro, Object, SourceFile, Value, functions, value};

/// The processor time of this thread, which a busy machine doesn't change.
struct Clock(u64);

impl Clock {
    fn now() -> Self {
        let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
        Self(text.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or(0))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(Self::now().0 - self.0)
    }
}

fn main() {
    let env = Environment::new();
    if let Some(folder) = std::env::args().nth(1) {
        let mut files = Vec::new();
        collect(Path::new(&folder), &mut files);
        load(&env, &files);
    }
    if std::env::args().len() > 1 {
        many_macros(&env);
    }
    models(&env);
}

fn collect(folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            let text = std::fs::read_to_string(&path).unwrap();
            files.push(SourceFile::new(path.to_string_lossy().as_ref(), text));
        }
    }
}

/// Finds the blocks of all files, then compiles every body; files without blocks are compiled whole.
fn load(env: &Environment, files: &[SourceFile]) {
    let start = Clock::now();
    let mut macros: Vec<Macro> = Vec::new();
    let (mut templates, mut errors) = (0, 0);
    for file in files {
        let tags = BlockTags::MACRO_FILE | BlockTags::SNAPSHOT;
        match env.parse_file(file, tags) {
            Ok(parsed) if parsed.blocks.is_empty() => {
                templates += 1;
                if let Err(error) = env.template(file) {
                    errors += 1;
                    println!("{error}");
                }
            }
            Ok(parsed) => {
                let is_code = |kind: &BlockKind| !matches!(kind, BlockKind::Snapshot | BlockKind::Docs);
                macros
                    .extend(parsed.blocks.iter().filter(|it| is_code(&it.kind)).map(jinja::Block::to_macro));
            }
            Err(error) => {
                errors += 1;
                println!("{error}");
            }
        }
    }
    println!(
        "{} files, {} macros, {templates} templates in {:?}",
        files.len(),
        macros.len(),
        start.elapsed()
    );
    let start = Clock::now();
    for it in &macros {
        if let Err(error) = it.check(env) {
            errors += 1;
            println!("{error}");
        }
    }
    println!("all bodies compiled in {:?}, {errors} errors", start.elapsed());
}

fn many_macros(env: &Environment) {
    let text: String = (0..10_000)
        .map(|n| {
            format!(
                "{{% macro m{n}(relation, columns=[]) -%}}\n{}\n{{%- endmacro %}}\n",
                "  {{ relation }}, {% for c in columns %}{{ c }}{% if not loop.last %}, {% endif %}{% endfor %}\n".repeat(12)
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let file = SourceFile::new("many.sql", text);
    let start = Clock::now();
    let parsed = env.parse_file(&file, BlockTags::MACRO_FILE).unwrap();
    let macros: Vec<Macro> = parsed.blocks.iter().map(jinja::Block::to_macro).collect();
    println!("{} macros of {} MB found in {:?}", macros.len(), file.text.len() / 1_000_000, start.elapsed());
    let start = Clock::now();
    for it in &macros {
        it.check(env).unwrap();
    }
    println!("their bodies compiled in {:?}", start.elapsed());
}

/// A context as a host makes it.
#[derive(Debug)]
struct Context {
    surrogate_key: Value,
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "config" => Value::from_function(|_: jinja::Kwargs| ""),
            "ref" => Value::from_function(|name: String| format!("\"db\".\"public\".\"{name}\"")),
            "var" => Value::from_function(|_: String, default: Value| default),
            "is_incremental" => Value::from_function(|| false),
            "this" => Value::from("\"db\".\"public\".\"this\""),
            "surrogate_key" => self.surrogate_key.clone(),
            "return" => functions::return_function(),
            _ => return None,
        })
    }
}

fn models(env: &Environment) {
    let macros = SourceFile::new(
        "key.sql",
        "{% macro surrogate_key(fields) %}{% set parts = [] %}{% for f in fields %}{% do parts.append(\"coalesce(\" ~ f ~ \"::text, '')\") %}{% if not loop.last %}{% do parts.append(\"'-'\") %}{% endif %}{% endfor %}{{ return('md5(' ~ parts|join(' || ') ~ ')') }}{% endmacro %}",
    );
    let found = env.parse_file(&macros, BlockTags::MACRO).unwrap();
    let surrogate_key =
        found.blocks[0].to_macro().bind(env, Value::from_pairs([("return", functions::return_function())]));
    let context = Value::from_object(Context { surrogate_key });
    let text = |n: usize| {
        format!(
            "{{{{ config(materialized='incremental', unique_key='id') }}}}\n\nselect\n    {{{{ surrogate_key(['a', 'b', 'c']) }}}} as id\n    {{% for c in ['x', 'y', 'z', 'w'] %}}, sum({{{{ c }}}}) as {{{{ c }}}}_{n}\n    {{% endfor %}}\nfrom {{{{ ref('model_{n}') }}}}\nwhere d >= '{{{{ var('start', '2020-01-01') }}}}'\n{{% if is_incremental() %}}\n  and d > (select max(d) from {{{{ this }}}})\n{{% endif %}}\n"
        )
    };
    let files: Vec<SourceFile> = (0..10_000).map(|n| SourceFile::new(format!("m{n}.sql"), text(n))).collect();
    let start = Clock::now();
    let templates: Vec<_> = files.iter().map(|file| env.template(file).unwrap()).collect();
    let compiled = start.elapsed();
    let start = Clock::now();
    let mut length = 0;
    for template in &templates {
        length += template.render(env, &context).unwrap().len();
    }
    let rendered = start.elapsed();
    let start = Clock::now();
    let calls: usize = templates.iter().map(|template| template.extract().calls.len()).sum();
    let extracted = start.elapsed();
    println!(
        "10,000 models: compiled in {compiled:?}, rendered in {rendered:?} ({length} bytes), extracted {calls} calls in {extracted:?}"
    );
    let small = env.template(&SourceFile::new("s.sql", "select * from {{ ref('a') }}")).unwrap();
    let start = Clock::now();
    for _ in 0..100_000 {
        small.render(env, &context).unwrap();
    }
    println!("a small model renders in {:?}", start.elapsed() / 100_000);
    let sum = env.template(&SourceFile::new("l.sql", "{% set ns = namespace(t=0) %}{% for i in range(100000) %}{% set ns.t = ns.t + i %}{% endfor %}{{ ns.t }}")).unwrap();
    let start = Clock::now();
    let text = sum.render(env, &Value::from(())).unwrap();
    println!("a loop of 100,000 rounds: {:?} ({text})", start.elapsed());
    let _ = value::repr(&Value::from(1));
}
