//! As written, then resolved: `dbt_project.yml` → [`Settings`].

use super::check::{self, RENAMED, fault};
use super::{ConfigTree, Dispatch, SECTIONS, Settings};
use crate::code;
use crate::context::env::Secrets;
use crate::context::vars::Vars;
use crate::error::Error;
use crate::options::ReadOptions;
use crate::profile::Profile;
use crate::render::{self, Renderer};
use crate::yaml::{self, Document, Node};
use platform_core::Diagnostic;
use platform_core::relation::Quoting;
use serde_json::{Map, Value};
use std::path::Path;
use std::sync::Arc;

/// The file's name; `.yaml` is read too.
const NAMES: [&str; 2] = ["dbt_project.yml", "dbt_project.yaml"];

fn load(folder: &Path, shown: &str) -> Result<Document, Error> {
    let path = NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let Some(path) = path else {
        return Err(Diagnostic::error(
            code::PROJECT_FILE,
            format!("No dbt_project.yml found at expected path {}", folder.join(NAMES[0]).display()),
        )
        .event("DbtProjectError")
        .hint("run the command in a project's folder, or name it: `--project-dir FOLDER`")
        .into());
    };
    let text =
        std::fs::read_to_string(&path).map_err(|source| Error::File { action: "read", path, source })?;
    // The white space at its end is no part of it, so that a block of text there ends without a line break.
    yaml::parse(shown, text.trim_end()).map_err(|error| yaml::diagnostic(&error).into())
}

/// The `profile` and `flags` that the file names, before anything else is known.
///
/// The command line wants `flags:` early: they switch what it does itself.
pub fn flags_of(folder: &Path) -> Map<String, Value> {
    load(folder, NAMES[0])
        .ok()
        .and_then(|document| document.root.get("flags").map(Node::to_json_map))
        .unwrap_or_default()
}

/// The name of the profile as written, rendered: needed before the profile is read.
pub(crate) fn profile_name(options: &ReadOptions) -> Result<Option<String>, Error> {
    let document = load(&options.project_dir, NAMES[0])?;
    let Some(node) = document.root.get("profile") else { return Ok(None) };
    let rendered = renderer(options, &Profile::default()).render(&document, node, &render::all)?;
    Ok(rendered.scalar_text())
}

fn renderer(options: &ReadOptions, profile: &Profile) -> Renderer {
    let shared = render::bootstrap(options, profile);
    Renderer::new(
        crate::render::Reading::Project,
        &shared,
        &Vars::of_command_line(&options.vars),
        "",
        Secrets::Refused,
    )
}

/// Reads the root project's settings for what needs no database and no resources (`deps`, `clean`): a variable that
/// is missing is none.
pub fn read_alone(options: &ReadOptions) -> Result<Settings, Error> {
    let shared = render::bootstrap(options, &Profile::default());
    let vars = Vars::of_command_line(&options.vars);
    let renderer = Renderer::lenient(&shared, &vars, "", Secrets::Refused);
    complete(options, &renderer, load(&options.project_dir, NAMES[0])?)
}

/// Reads the root project's settings.
pub fn read(options: &ReadOptions, profile: &Profile) -> Result<Settings, Error> {
    let document = load(&options.project_dir, NAMES[0])?;
    complete(options, &renderer(options, profile), document)
}

/// The settings, with paths that the command line or the environment says otherwise.
fn complete(options: &ReadOptions, renderer: &Renderer, document: Document) -> Result<Settings, Error> {
    let says_targets = document.root.get("clean-targets").is_some();
    let mut settings = resolve(options, renderer, document)?;
    let path = |given: &Option<std::path::PathBuf>, variable: &str, own: &str| match given {
        Some(path) => path.display().to_string(),
        None => {
            options.env.get(variable).filter(|it| !it.is_empty()).cloned().unwrap_or_else(|| own.to_owned())
        }
    };
    let target_path = path(&options.target_path, "DBT_TARGET_PATH", &settings.target_path);
    if !says_targets {
        settings.clean_targets = vec![target_path.clone()];
    }
    settings.target_path = target_path;
    settings.log_path = path(&None, "DBT_LOG_PATH", &settings.log_path);
    if let Some(path) = options.env.get("DBT_PACKAGES_INSTALL_PATH").filter(|it| !it.is_empty()) {
        settings.packages_install_path.clone_from(path);
    }
    Ok(settings)
}

/// Reads the settings of an installed package; `shown` is the path that messages name.
pub fn read_package(
    options: &ReadOptions,
    profile: &Profile,
    folder: &Path,
    shown: &str,
) -> Result<Settings, Error> {
    resolve(options, &renderer(options, profile), load(folder, shown)?)
}

fn resolve(options: &ReadOptions, renderer: &Renderer, document: Document) -> Result<Settings, Error> {
    let check_version = !options.flags.is_off("version_check");
    check_version_first(&document, renderer, check_version)?;
    check::check(&document)?;
    let written = document.root.clone();
    let rendered = renderer.render(&document, &written, &is_kept)?;
    check::values(&document, &rendered)?;
    if !renderer.is_lenient() {
        check::configs_defined(&document, &rendered)?;
    }
    let mut settings = Reader { document: &document, root: &rendered }.settings()?;
    check::version(&document, &settings.name, &settings.require_dbt_version, check_version)?;
    settings.configs = configs(&rendered, &written);
    settings.warnings = warnings(&document);
    settings.document = Some(Arc::new(document));
    Ok(settings)
}

/// A project for another version may have keys that this one doesn't know: the version is told of first, where it is
/// written so that it can be read.
fn check_version_first(document: &Document, renderer: &Renderer, check: bool) -> Result<(), Error> {
    let Some(node) = document.root.get("require-dbt-version").filter(|_| check) else { return Ok(()) };
    let Ok(rendered) = renderer.render(document, node, &render::all) else { return Ok(()) };
    let items = if rendered.items().is_empty() { std::slice::from_ref(&rendered) } else { rendered.items() };
    let texts: Option<Vec<String>> = items.iter().map(|item| item.text().map(str::to_owned)).collect();
    let Some(wanted) = texts else { return Ok(()) };
    let name = document.root.text_of("name").unwrap_or_default();
    Ok(check::version(document, name, &wanted, check)?)
}

/// Keys whose templates are rendered later, when there is a node or a connection.
fn is_kept(path: &[&str]) -> bool {
    match path[0] {
        "on-run-start" | "on-run-end" | "query-comment" | "vars" => true,
        "models" | "seeds" | "snapshots" | "tests" | "data_tests" | "functions" => {
            path[1..].iter().any(|key| {
                matches!(key.trim_start_matches('+'), "pre-hook" | "post-hook" | "pre_hook" | "post_hook")
            })
        }
        _ => false,
    }
}

fn configs(rendered: &Node, written: &Node) -> std::collections::BTreeMap<String, ConfigTree> {
    let section = |key: &'static str| {
        let get = |root: &Node| match key {
            "data_tests" => root.get("data_tests").or_else(|| root.get("tests")).map(Node::to_json_map),
            _ => root.get(key).map(Node::to_json_map),
        };
        let mut rendered = get(rendered)?;
        // Right below the section and without `+`, hooks are a list, and nothing is no hook.
        for hooks in ["pre-hook", "post-hook"] {
            if let Some(empty) = rendered.get_mut(hooks).filter(|it| it.is_null() && key != "data_tests") {
                *empty = serde_json::Value::Array(Vec::new());
            }
        }
        Some((key.to_owned(), ConfigTree { rendered, written: get(written)? }))
    };
    SECTIONS.iter().copied().filter_map(section).collect()
}

fn warnings(document: &Document) -> Vec<Diagnostic> {
    let renamed = document.root.entries().iter().filter_map(|entry| {
        let (old, new) = RENAMED.iter().find(|(old, _)| *old == entry.key)?;
        let event = match *old {
            "source-paths" => "ConfigSourcePathDeprecation",
            "data-paths" => "ConfigDataPathDeprecation",
            _ => "PackageInstallPathDeprecation",
        };
        Some(
            Diagnostic::warning(
                code::DEPRECATED,
                format!(
                    "The `{old}` config has been renamed to `{new}`. Please update your `dbt_project.yml` \
                     configuration to reflect this change."
                ),
            )
            .event(event)
            .at(document.place(&entry.span)),
        )
    });
    let moved = MOVED.iter().filter_map(|it| path_of_old(document, it));
    renamed.chain(moved).chain(crate::properties::duplicate_keys(document)).collect()
}

/// Paths that the command line or the environment give by now: key, default, kind of file, dbt's event.
const MOVED: [(&str, &str, &str, &str); 2] = [
    ("log-path", "logs", "logs", "ConfigLogPathDeprecation"),
    ("target-path", "target", "artifacts", "ConfigTargetPathDeprecation"),
];

fn path_of_old(
    document: &Document,
    (key, default, files, event): &(&str, &str, &str, &str),
) -> Option<Diagnostic> {
    let entry = document.root.entry(key)?;
    if entry.value.text() == Some(*default) {
        return None;
    }
    let variable = format!("DBT_{}", key.to_uppercase().replace('-', "_"));
    let message = format!(
        "The `{key}` config in `dbt_project.yml` has been deprecated, and will no longer be supported in a future version \
         of dbt-core. If you wish to write dbt {files} to a custom directory, please use the --{key} CLI flag or \
         {variable} env var instead."
    );
    let warning = Diagnostic::warning(code::DEPRECATED, message).event(event);
    Some(warning.at(document.place(&entry.span)).with("deprecated_path", *key))
}

struct Reader<'a> {
    document: &'a Document,
    root: &'a Node,
}

impl Reader<'_> {
    fn settings(&self) -> Result<Settings, Diagnostic> {
        let model_paths = self.paths("model-paths", Some("source-paths"), &["models"]);
        let seed_paths = self.paths("seed-paths", Some("data-paths"), &["seeds"]);
        let analysis_paths = self.paths("analysis-paths", None, &["analyses"]);
        let macro_paths = self.paths("macro-paths", None, &["macros"]);
        let snapshot_paths = self.paths("snapshot-paths", None, &["snapshots"]);
        let test_paths = self.paths("test-paths", None, &["tests"]);
        let function_paths = self.paths("function-paths", None, &["functions"]);
        let mut docs_paths = self.paths("docs-paths", None, &[]);
        if docs_paths.is_empty() {
            let all = [
                &model_paths,
                &seed_paths,
                &snapshot_paths,
                &analysis_paths,
                &macro_paths,
                &test_paths,
                &function_paths,
            ];
            for path in all.into_iter().flatten() {
                if !docs_paths.contains(path) {
                    docs_paths.push(path.clone());
                }
            }
        }
        let target_path = self.text("target-path").unwrap_or_else(|| "target".to_owned());
        let quoting_written = self.root.get("quoting").map(Node::to_json_map).unwrap_or_default();
        let quoted = |key: &str| quoting_written.get(key).and_then(Value::as_bool).unwrap_or(true);
        Ok(Settings {
            name: self.text("name").unwrap_or_default(),
            version: self.text("version"),
            profile: self.text("profile"),
            log_path: self.text("log-path").unwrap_or_else(|| "logs".to_owned()),
            packages_install_path: self
                .text("packages-install-path")
                .or_else(|| self.text("modules-path"))
                .unwrap_or_else(|| "dbt_packages".to_owned()),
            clean_targets: self.paths("clean-targets", None, &[&target_path]),
            target_path,
            quoting: Quoting {
                database: quoted("database"),
                schema: quoted("schema"),
                identifier: quoted("identifier"),
            },
            quoting_written,
            on_run_start: self.hooks("on-run-start"),
            on_run_end: self.hooks("on-run-end"),
            dispatch: self.dispatch()?,
            vars: self.vars(),
            query_comment: self.root.entry("query-comment").map(|entry| entry.value.to_json()),
            require_dbt_version: self.list("require-dbt-version"),
            restrict_access: self.root.get("restrict-access").and_then(Node::boolean).unwrap_or(false),
            flags: self.flags(),
            model_paths,
            seed_paths,
            test_paths,
            analysis_paths,
            macro_paths,
            snapshot_paths,
            function_paths,
            docs_paths,
            asset_paths: self.paths("asset-paths", None, &[]),
            ..Settings::default()
        })
    }

    fn text(&self, key: &str) -> Option<String> {
        self.root.get(key)?.scalar_text()
    }

    fn list(&self, key: &str) -> Vec<String> {
        match self.root.get(key) {
            None => Vec::new(),
            Some(node) if node.is_list() => node.items().iter().filter_map(Node::scalar_text).collect(),
            Some(node) => node.scalar_text().into_iter().collect(),
        }
    }

    fn paths(&self, key: &str, old: Option<&str>, default: &[&str]) -> Vec<String> {
        let key = if self.root.get(key).is_some() { key } else { old.unwrap_or(key) };
        if self.root.get(key).is_none() {
            return default.iter().map(|it| (*it).to_owned()).collect();
        }
        self.list(key)
            .iter()
            .map(|path| path.trim_start_matches("./").trim_end_matches('/').to_owned())
            .collect()
    }

    fn hooks(&self, key: &str) -> Vec<String> {
        let sql = |node: &Node| node.text_of("sql").map(str::to_owned).or_else(|| node.scalar_text());
        match self.root.get(key) {
            None => Vec::new(),
            Some(node) if node.is_list() => node.items().iter().filter_map(sql).collect(),
            Some(node) => sql(node).into_iter().collect(),
        }
    }

    /// Flags that are not set are as if not written.
    fn flags(&self) -> Map<String, Value> {
        let flags = self.root.get("flags").map(Node::to_json_map).unwrap_or_default();
        flags
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.to_lowercase(), value))
            .collect()
    }

    fn vars(&self) -> Map<String, Value> {
        self.root.get("vars").map(Node::to_json_map).unwrap_or_default()
    }

    fn dispatch(&self) -> Result<Vec<Dispatch>, Diagnostic> {
        let Some(node) = self.root.get("dispatch") else { return Ok(Vec::new()) };
        let entry = |item: &Node| {
            let namespace = item.text_of("macro_namespace")?.to_owned();
            let order = item.get("search_order")?;
            let search_order = match order.text() {
                Some(one) => vec![one.to_owned()],
                None => order.items().iter().filter_map(Node::scalar_text).collect(),
            };
            Some(Dispatch { macro_namespace: namespace, search_order })
        };
        let read = |item: &Node| {
            entry(item)
                .ok_or_else(|| fault(self.document, item, "at path []: Invalid project dispatch config"))
        };
        node.items().iter().map(read).collect()
    }
}
