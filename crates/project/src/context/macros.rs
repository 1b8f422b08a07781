//! Every macro of every package, and how a name finds one
//! (<https://docs.getdbt.com/reference/dbt-jinja-functions/dispatch>).

use crate::settings::Dispatch;
use indexmap::IndexMap;
use platform_core::UniqueId;
use std::sync::{Arc, OnceLock};

/// The built-in packages, the one that goes before first.
pub const INTERNAL: [&str; 2] = ["dbt_postgres", "dbt"];

/// Prefixes that dispatch tries, first to last.
const PREFIXES: [&str; 2] = ["postgres__", "default__"];

/// One macro, compiled on its first call.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id: `macro.dbt_utils.star`.
    pub id: UniqueId,
    /// Its package.
    pub package: Arc<str>,
    /// Its name, prefixes included (`test_unique`, `materialization_view_default`).
    pub name: Arc<str>,
    /// Path of its file below the package's root.
    pub path: Arc<str>,
    /// The callable.
    pub callable: jinja::Macro,
    /// Languages that a materialization supports.
    pub supported_languages: Option<Vec<String>>,
}

/// Macros by package and name.
#[derive(Debug, Default)]
pub struct Macros {
    packages: IndexMap<Arc<str>, IndexMap<Arc<str>, Arc<Entry>>>,
    root: Arc<str>,
    dispatch: Vec<Dispatch>,
    installed: Vec<String>,
    /// Whether each of [`NAMING`] dispatches to a built-in macro.
    plain_naming: OnceLock<[bool; 3]>,
}

/// The parts of a node's name that a macro gives: `generate_schema_name`, …
pub const NAMING: [&str; 3] = ["schema", "database", "alias"];

/// Why dispatch found nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DispatchError {
    /// A dotted name, as dbt 0.18 wanted it.
    #[error(
        "In adapter.dispatch, got a macro name of \"{0}\", but \".\" is not a valid macro name component. Did \
         you mean `adapter.dispatch(\"{name}\", macro_namespace=\"{package}\")`?",
        name = .0.rsplit('.').next().unwrap_or_default(),
        package = .0.split('.').next().unwrap_or_default()
    )]
    Dotted(String),
    /// No candidate exists.
    #[error(
        "In dispatch: No macro named '{name}' found within namespace: '{namespace}'\n    Searched for: {searched}"
    )]
    Missing {
        /// The name asked for.
        name: String,
        /// The namespace asked for, `None` where none was.
        namespace: String,
        /// The candidates, in order.
        searched: String,
    },
}

impl Macros {
    /// No macros yet, for a project of that name.
    ///
    /// `dispatch` is the root project's; `installed` names every package, the root project included.
    pub fn new(root: &str, dispatch: Vec<Dispatch>, installed: Vec<String>) -> Self {
        Self {
            packages: IndexMap::new(),
            root: root.into(),
            dispatch,
            installed,
            plain_naming: OnceLock::new(),
        }
    }

    /// Adds a macro; gives back the one that has its place already.
    pub fn insert(&mut self, entry: Entry) -> Option<Arc<Entry>> {
        let package = self.packages.entry(entry.package.clone()).or_default();
        if let Some(earlier) = package.get(&entry.name) {
            return Some(earlier.clone());
        }
        package.insert(entry.name.clone(), Arc::new(entry));
        None
    }

    /// The macro of that name in that package; `dbt` has what `dbt_postgres` overrides too.
    pub fn get(&self, package: &str, name: &str) -> Option<&Arc<Entry>> {
        if package == "dbt" { self.internal(name) } else { self.own(package, name) }
    }

    /// The macro of that name that stands in that very package.
    pub fn own(&self, package: &str, name: &str) -> Option<&Arc<Entry>> {
        self.packages.get(package)?.get(name)
    }

    /// The built-in macro of that name.
    pub fn internal(&self, name: &str) -> Option<&Arc<Entry>> {
        INTERNAL.iter().find_map(|package| self.own(package, name))
    }

    /// What an unqualified name means in the templates of `local`: its own macro, the root project's, a
    /// built-in one. Other packages' macros need their package's name before them.
    pub fn lookup(&self, local: &str, name: &str) -> Option<&Arc<Entry>> {
        (!is_internal(local))
            .then(|| self.own(local, name))
            .flatten()
            .or_else(|| self.own(&self.root, name))
            .or_else(|| self.internal(name))
    }

    /// What an unqualified name means where dbt resolves without rendering (tests, dependencies of macros):
    /// as [`Macros::lookup`], and any package's macro before a built-in one.
    pub fn resolve(&self, local: &str, name: &str) -> Option<&Arc<Entry>> {
        self.own(local, name).or_else(|| self.own(&self.root, name)).or_else(|| {
            let mut others = self.packages.iter().rev().filter(|(package, _)| !is_internal(package));
            others.find_map(|(_, macros)| macros.get(name)).or_else(|| self.internal(name))
        })
    }

    /// A macro that names a node's schema, database or alias: the root project's, else a built-in one;
    /// for nodes of a package, that package's own before the built-in.
    pub fn naming(&self, component: &str, package: &str) -> Option<&Arc<Entry>> {
        self.own(&self.root, component)
            .or_else(|| if is_internal(package) { None } else { self.own(package, component) })
            .or_else(|| self.internal(component))
    }

    /// Whether nobody has replaced the macro that names a part of nodes, nor what it dispatches to: then
    /// its answer is known without calling it.
    pub fn names_plainly(&self, part: &str, entry: &Entry) -> bool {
        let plain = self.plain_naming.get_or_init(|| {
            NAMING.map(|part| {
                let found = self.dispatch(&self.root, &format!("generate_{part}_name"), Some("dbt"));
                found.is_ok_and(|found| is_internal(&found.package))
            })
        });
        let at = NAMING.iter().position(|known| *known == part);
        is_internal(&entry.package) && at.is_some_and(|at| plain[at])
    }

    /// The implementation of `name` for Postgres, as seen from templates of `local`.
    pub fn dispatch(
        &self,
        local: &str,
        name: &str,
        namespace: Option<&str>,
    ) -> Result<&Arc<Entry>, DispatchError> {
        self.dispatch_by(name, namespace, |candidate| self.lookup(local, candidate))
    }

    /// The same as dbt finds it without rendering, for the dependencies of macros: see [`Macros::resolve`].
    pub fn dispatch_unrendered(&self, name: &str, namespace: Option<&str>) -> Option<&Arc<Entry>> {
        self.dispatch_by(name, namespace, |name| self.resolve(namespace.unwrap_or_default(), name)).ok()
    }

    fn dispatch_by<'a>(
        &'a self,
        name: &str,
        namespace: Option<&str>,
        unqualified: impl Fn(&str) -> Option<&'a Arc<Entry>>,
    ) -> Result<&'a Arc<Entry>, DispatchError> {
        if name.contains('.') {
            return Err(DispatchError::Dotted(name.to_owned()));
        }
        let mut searched = Vec::new();
        for package in self.search_order(namespace) {
            for prefix in PREFIXES {
                let candidate = format!("{prefix}{name}");
                let found = match package {
                    Some(package) => self.get(package, &candidate),
                    None => unqualified(&candidate),
                };
                if let Some(found) = found {
                    return Ok(found);
                }
                searched.push(match package {
                    Some(package) => format!("'{package}.{candidate}'"),
                    None => format!("'{candidate}'"),
                });
            }
        }
        // A generic test sees the macros of its own package, whose name nothing here knows.
        if namespace.is_none() {
            let anywhere = PREFIXES.iter().find_map(|prefix| self.resolve("", &format!("{prefix}{name}")));
            if let Some(found) = anywhere {
                return Ok(found);
            }
        }
        Err(DispatchError::Missing {
            name: name.to_owned(),
            namespace: namespace.unwrap_or("None").to_owned(),
            searched: searched.join(", "),
        })
    }

    /// Packages that dispatch looks in; `None` is the template's own scope.
    fn search_order<'a>(&'a self, namespace: Option<&'a str>) -> Vec<Option<&'a str>> {
        let Some(namespace) = namespace else { return vec![None] };
        if let Some(order) = self.dispatch.iter().find(|it| it.macro_namespace == namespace) {
            return order.search_order.iter().map(|it| Some(it.as_str())).collect();
        }
        if is_internal(namespace) || self.has_package(namespace) {
            vec![Some(&self.root), Some(namespace)]
        } else {
            // A namespace that no package has says nothing, as none.
            vec![None]
        }
    }

    /// Whether a package of that name is installed or built in.
    pub fn has_package(&self, name: &str) -> bool {
        is_internal(name) || self.packages.contains_key(name) || self.installed.iter().any(|it| it == name)
    }

    /// The root project's name.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Every macro, by package.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.packages.values().flat_map(IndexMap::values)
    }

    /// Every macro of a package.
    pub fn of_package(&self, package: &str) -> impl Iterator<Item = &Arc<Entry>> {
        self.packages.get(package).into_iter().flat_map(IndexMap::values)
    }

    /// The macro that builds a node of that materialization: the project's own, then a package's (which may
    /// not take the place of a built-in one unless `packages_override`), then a built-in one; the adapter's
    /// before `default`.
    pub fn materialization(&self, name: &str, package: &str, packages_override: bool) -> Option<&Arc<Entry>> {
        let names = [format!("materialization_{name}_postgres"), format!("materialization_{name}_default")];
        let from = |package: &str| names.iter().find_map(|name| self.own(package, name));
        let builtin = INTERNAL.iter().find_map(|package| from(package));
        let others = || {
            let mut packages = self.packages.keys().filter(|it| !is_internal(it) && ***it != *self.root);
            packages.find_map(|package| from(package))
        };
        from(&self.root)
            .or_else(|| {
                if builtin.is_some() && !packages_override {
                    return None;
                }
                (!is_internal(package)).then(|| from(package)).flatten().or_else(others)
            })
            .or(builtin)
    }
}

/// Whether a package is built in.
pub fn is_internal(package: &str) -> bool {
    INTERNAL.contains(&package)
}
