//! `packages.yml` and `dependencies.yml`: what a project asks for
//! (<https://docs.getdbt.com/docs/build/packages>).

use crate::code;
use crate::context::env::Secrets;
use crate::context::vars::Vars;
use crate::error::Error;
use crate::options::ReadOptions;
use crate::package::form;
use crate::profile::Profile;
use crate::render::{self, Renderer};
use crate::yaml::{self, Document, Node};
use platform_core::Diagnostic;
use serde_json::{Map, Value};
use std::path::Path;

/// What a project asks for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The file that says so.
    pub file: String,
    /// The packages, rendered, in order.
    pub packages: Vec<Spec>,
    /// The same as they stand in the file.
    pub asked: Vec<Asked>,
}

/// One entry as the file has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// As written.
    pub written: Value,
    /// With its templates rendered and what it doesn't say.
    pub rendered: Map<String, Value>,
}

impl Asked {
    fn of(written: &Node, rendered: &Node) -> Self {
        let mut entry = rendered.to_json_map();
        let defaults: &[(&str, Value)] = match &entry {
            it if it.contains_key("git") || it.contains_key("private") => {
                &[("revision", Value::Null), ("subdirectory", Value::Null), ("warn-unpinned", Value::Null)]
            }
            it if it.contains_key("package") => &[("install_prerelease", Value::Bool(false))],
            _ => &[],
        };
        for (old, new) in [("warn_unpinned", "warn-unpinned"), ("install-prerelease", "install_prerelease")] {
            if let Some(value) = entry.remove(old) {
                entry.insert(new.to_owned(), value);
            }
        }
        for (key, value) in defaults {
            entry.entry(*key).or_insert_with(|| value.clone());
        }
        Self { written: written.to_json(), rendered: entry }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    /// A folder.
    Local {
        /// Path, relative to the project.
        path: String,
    },
    /// A git repository.
    Git {
        /// Address, secrets rendered.
        url: String,
        /// Address as written: what is shown and locked.
        written: String,
        /// Branch, tag or commit.
        revision: Option<String>,
        /// Folder of the package within.
        subdirectory: Option<String>,
        /// Whether to warn where no revision is given.
        warn_unpinned: bool,
        /// The name that the package must have.
        name: Option<String>,
    },
    /// An archive.
    Tarball {
        /// Address.
        url: String,
        /// Name of the package.
        name: String,
    },
    /// A package of the registry.
    Registry {
        /// `owner/name`.
        package: String,
        /// Ranges of versions; none means any.
        version: Vec<String>,
        /// Whether prereleases will do.
        prerelease: bool,
    },
    /// A package of a hosted repository, told by provider.
    Private {
        /// `owner/name`.
        name: String,
        /// `github`, `gitlab`, `ado`.
        provider: Option<String>,
        /// Branch, tag or commit.
        revision: Option<String>,
        /// Folder of the package within.
        subdirectory: Option<String>,
    },
}

/// Reads the files of a folder; empty where it has none.
pub fn read(options: &ReadOptions, folder: &Path) -> Result<Wanted, Error> {
    let mut wanted = Wanted { file: "packages.yml".to_owned(), ..Wanted::default() };
    for file in ["packages.yml", "dependencies.yml"] {
        let path = folder.join(file);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(Error::File { action: "read", path, source }),
        };
        let document = yaml::parse(file, text).map_err(|error| yaml::diagnostic(&error))?;
        if file == "packages.yml" {
            form::check_keys(&document)?;
        }
        let found = specs(options, &document)?;
        if !found.is_empty() && !wanted.packages.is_empty() {
            return Err(Diagnostic::error(
                code::PACKAGE,
                "The 'packages' key cannot be specified in both packages.yml and dependencies.yml",
            )
            .event("DbtProjectError")
            .at(document.place(&document.root.span))
            .into());
        }
        if !found.is_empty() {
            let (packages, asked) = found.into_iter().unzip();
            wanted = Wanted { file: file.to_owned(), packages, asked };
        }
    }
    Ok(wanted)
}

/// The entries of a document.
pub(super) fn specs(options: &ReadOptions, document: &Document) -> Result<Vec<(Spec, Asked)>, Diagnostic> {
    let Some(list) = document.root.get("packages") else { return Ok(Vec::new()) };
    if !list.is_list() {
        return Err(malformed(document, list, "'packages' is not a list"));
    }
    let shared = render::bootstrap(options, &Profile::default());
    let vars = Vars::of_command_line(&options.vars);
    let renderer = Renderer::new(crate::render::Reading::Connection, &shared, &vars, "", Secrets::Given);
    let read = |item: &Node| {
        let rendered = renderer.render(document, item, &render::all)?;
        let spec = spec(document, item, &rendered)?;
        if !form::is_entry(&rendered) {
            return Err(no_form(document, item, &rendered));
        }
        Ok((spec, Asked::of(item, &rendered)))
    };
    list.items().iter().map(read).collect()
}

fn malformed(document: &Document, node: &Node, why: &str) -> Diagnostic {
    Diagnostic::error(code::PACKAGE, format!("The packages.yml file in this project is malformed: {why}"))
        .event("DbtProjectError")
        .hint("https://docs.getdbt.com/docs/build/packages shows each form of a package")
        .at(document.place(&node.span))
}

fn spec(document: &Document, written: &Node, item: &Node) -> Result<Spec, Diagnostic> {
    let text = |key: &str| item.get(key).and_then(Node::scalar_text);
    let flag = |key: &str| item.get(key).and_then(Node::boolean);
    for kind in ["local", "tarball"] {
        let entry = item.entry(kind);
        if let Some(entry) = entry.filter(|it| it.value.scalar_text().is_none_or(|it| it.trim().is_empty())) {
            let message = format!("A {kind} package is missing the value. It is a required property.");
            return Err(Diagnostic::error(code::PACKAGE, message)
                .event("DbtProjectError")
                .at(document.place(&entry.span)));
        }
    }
    if let Some(path) = text("local") {
        return Ok(Spec::Local { path });
    }
    if let Some(git) =
        item.entry("git").filter(|git| git.value.scalar_text().is_none_or(|it| it.trim().is_empty()))
    {
        let message = "A git package is missing the value. It is a required property.";
        return Err(Diagnostic::error(code::PACKAGE, message)
            .event("DbtProjectError")
            .at(document.place(&git.span)));
    }
    if let Some(url) = text("git") {
        return Ok(Spec::Git {
            written: written.get("git").and_then(Node::scalar_text).unwrap_or_default(),
            url,
            revision: text("revision"),
            subdirectory: text("subdirectory"),
            warn_unpinned: flag("warn-unpinned").or_else(|| flag("warn_unpinned")).unwrap_or(true),
            name: text("name"),
        });
    }
    if let (Some(url), Some(name)) = (text("tarball"), text("name")) {
        return Ok(Spec::Tarball { url, name });
    }
    if text("package").is_some_and(|package| package.trim().is_empty()) {
        let message = "A hub package is missing the value. It is a required property.";
        return Err(Diagnostic::error(code::PACKAGE, message)
            .event("DbtProjectError")
            .at(document.place(&item.span)));
    }
    if let (Some(package), Some(version)) = (text("package"), item.get("version")) {
        let version = if version.is_list() {
            version.items().iter().filter_map(Node::scalar_text).collect()
        } else {
            version.scalar_text().into_iter().collect()
        };
        return Ok(Spec::Registry {
            package,
            version,
            prerelease: flag("install_prerelease").unwrap_or(false),
        });
    }
    if let Some(name) = text("private") {
        return Ok(Spec::Private {
            name,
            provider: text("provider"),
            revision: text("revision"),
            subdirectory: text("subdirectory"),
        });
    }
    Err(no_form(document, written, item))
}

/// An entry that is no package of any kind.
fn no_form(document: &Document, written: &Node, item: &Node) -> Diagnostic {
    let shown = crate::python::repr(&item.to_json());
    malformed(document, written, &format!("{shown} is not valid under any of the given schemas"))
}
