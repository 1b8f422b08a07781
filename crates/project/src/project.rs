//! A project, read: what later stages need of it.

use crate::artifact;
use crate::catalogs;
use crate::config::Unused;
use crate::context::Shared;
use crate::context::macros::Macros;
use crate::context::vars::Vars;
use crate::error::Error;
use crate::files::FileKind;
use crate::flags::Flags;
use crate::options::ReadOptions;
use crate::package::load;
use crate::parse::diagnose::Texts;
use crate::parse::{self, assemble};
use crate::performance::Performance;
use crate::profile::{self, Profile};
use crate::selectors;
use crate::settings::{self, Settings};
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use platform_core::diagnostic::Severity;
use platform_core::{Diagnostic, Manifest, Node, Place};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// One package of a project; the root project is one too.
#[derive(Clone, Debug)]
pub struct Package {
    /// Its folder.
    pub root: PathBuf,
    /// The folder as messages name it: below the project's, empty for the project itself.
    pub shown: String,
    /// Its settings.
    pub settings: Settings,
}

/// A project, read. Cheap to clone, shared by all threads.
#[derive(Clone)]
pub struct Project {
    /// The project's folder.
    pub root: PathBuf,
    /// Where artifacts go, absolute.
    pub target_path: PathBuf,
    /// Packages by name, the root project first; the built-in ones are not among them.
    pub packages: Arc<IndexMap<String, Package>>,
    /// Where it is built.
    pub profile: Arc<Profile>,
    /// Flags, all levels resolved.
    pub flags: Arc<Flags>,
    /// `--vars`.
    pub cli_vars: Arc<Map<String, Value>>,
    /// The environment's variables.
    pub env: Arc<BTreeMap<String, String>>,
    /// When the command started.
    pub now: DateTime<Utc>,
    /// One uuid per command.
    pub invocation_id: Arc<str>,
    /// The resources.
    pub manifest: Arc<Manifest>,
    /// Jinja: filters, tests, globals.
    pub jinja: jinja::Environment,
    /// Every macro of every package and how a name finds one.
    pub macros: Arc<Macros>,
    /// Texts of template files, for places in messages.
    pub texts: Arc<Texts>,
    /// What is wrong with it, worst first.
    pub diagnostics: Vec<Diagnostic>,
    /// How long the reading took.
    pub performance: Arc<Performance>,
}

impl Project {
    /// The root project's settings.
    pub fn settings(&self) -> &Settings {
        static NONE: std::sync::LazyLock<Settings> = std::sync::LazyLock::new(Settings::default);
        self.packages.values().next().map_or(&NONE, |package| &package.settings)
    }

    /// The root project's name.
    pub fn name(&self) -> &str {
        &self.settings().name
    }

    /// A circle of nodes that read each other; a command that needs an order stops on it (exit code 2).
    pub fn cycle(&self) -> Option<Diagnostic> {
        let named = |node: &Node, name: &str| self.texts.named(&self.shown_path(node), name);
        parse::verify::cycle(&self.manifest, named)
    }

    /// Whether a model is built batch by batch.
    pub fn is_batched(&self, node: &Node) -> bool {
        parse::verify::microbatch::is_batched(&self.manifest, &self.flags, node)
    }

    /// The place of a range of bytes of a node's text.
    pub fn place_in(&self, node: &Node, range: std::ops::Range<usize>) -> Place {
        let path = self.shown_path(node);
        match self.texts.span(&path, range.clone()) {
            place if place.line > 0 => place,
            _ => Place::of(path, &node.raw_code, range),
        }
    }

    /// The path that messages name for a node's file.
    fn shown_path(&self, node: &Node) -> String {
        match self.packages.get(&node.package_name).map(|package| package.shown.as_str()) {
            None | Some("") => node.original_file_path.clone(),
            Some(shown) => format!("{shown}/{}", node.original_file_path),
        }
    }

    /// Where properties name a column of a resource; the file alone where it can't be found.
    pub fn column_place(&self, patch_path: &str, resource: &str, column: &str) -> Place {
        let (package, path) = patch_path.split_once("://").unwrap_or(("", patch_path));
        let path = match self.packages.get(package).map(|package| package.shown.as_str()) {
            None | Some("") => path.to_owned(),
            Some(shown) => format!("{shown}/{path}"),
        };
        self.texts.entry(&path, &[resource, column])
    }

    /// The diagnostics that stop a command (exit code 2).
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|it| it.severity == Severity::Error)
    }

    /// The diagnostics that don't.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|it| it.severity == Severity::Warning)
    }
}

pub(crate) fn read(options: &ReadOptions) -> Result<Project, Error> {
    let began = Instant::now();
    let named = settings::profile_name(options)?;
    let profile = profile::read(options, named.as_deref())?;
    let root = settings::read(options, &profile)?;
    if !profile.flags.is_empty() && !root.flags.is_empty() {
        return Err(both_flags().into());
    }
    let old = profile.flags.clone();
    let flags =
        options.flags.clone().with_project(if root.flags.is_empty() { old } else { root.flags.clone() });
    let packages = load::packages(options, &profile, root)?;
    let (loaded, mut diagnostics) = load::files(&packages)?;
    let files_read = Instant::now();
    diagnostics.extend(profile.warnings.clone());
    diagnostics.extend(packages.values().flat_map(|package| package.settings.warnings.clone()));
    let settings = &packages[0].settings;
    let jinja = jinja::Environment::new();
    let texts = Arc::new(Texts::default());
    let registry = Macros::new(&settings.name, settings.dispatch.clone(), packages.keys().cloned().collect());
    let (macros, problems) = assemble::register_macros(registry, &packages, &loaded, &jinja, &texts);
    diagnostics.extend(problems);
    let created_at = seconds(options.now);
    let (definitions, problems) = parse::macros::definitions(&macros, &jinja, &texts, created_at);
    diagnostics.extend(problems);
    let macros_loaded = Instant::now();
    let macros = Arc::new(macros);
    let vars =
        Vars::new(packages.iter().map(|(name, package)| (name.as_str(), &package.settings)), &options.vars);
    let name = settings.name.clone();
    let mut constants = Shared::constants(
        &options.env,
        &options.metadata_envs,
        &profile,
        &flags,
        &options.invocation_id,
        options.now,
        &name,
    );
    let arguments = serde_json::Value::Object(options.invocation_args.clone());
    constants.insert("invocation_args_dict", jinja::value::from_json(&arguments));
    let shared = Arc::new(Shared {
        jinja: jinja.clone(),
        macros: macros.clone(),
        vars,
        env: options.env.clone(),
        profile: Arc::new(profile),
        flags: Arc::new(flags),
        project_name: name.as_str().into(),
        invocation_id: options.invocation_id.as_str().into(),
        now: options.now,
        events: options.events.clone(),
        constants,
    });
    let unused = Unused::default();
    let assembled = assemble::assemble(assemble::Input {
        shared: shared.clone(),
        packages: &packages,
        loaded: &loaded,
        texts: texts.clone(),
        macros: definitions,
        unused: &unused,
        created_at,
    });
    diagnostics.extend(assembled.diagnostics);
    let mut manifest = assembled.manifest;
    let verb = shared.flags.get("which").and_then(serde_json::Value::as_str);
    catalogs::check(&options.project_dir, verb, &shared)?;
    manifest.selectors = selectors::read(&options.project_dir, &shared, &mut diagnostics)?;
    manifest.metadata = artifact::metadata(options, &packages[0].settings);
    let root = packages[0].root.clone();
    let target_path = root.join(&packages[0].settings.target_path);
    let files = || loaded.iter().flat_map(|it| &it.sources);
    let models = files().filter(|it| it.file.kind == FileKind::Model).count();
    let performance = Performance {
        path_count: files().count(),
        parsed_path_count: files().count(),
        static_analysis_path_count: models,
        static_analysis_parsed_path_count: 0,
        is_partial_parse_enabled: !shared.flags.is_off("partial_parse"),
        is_static_analysis_enabled: !shared.flags.is_off("static_parser"),
        read_files_elapsed: (files_read - began).as_secs_f64(),
        load_macros_elapsed: (macros_loaded - files_read).as_secs_f64(),
        parse_project_elapsed: (assembled.parsed - macros_loaded).as_secs_f64(),
        patch_sources_elapsed: 0.0,
        process_manifest_elapsed: assembled.parsed.elapsed().as_secs_f64(),
        load_all_elapsed: began.elapsed().as_secs_f64(),
        projects: assembled.times.by_package(packages.keys()),
    };
    diagnostics.sort_by_key(|it| std::cmp::Reverse(it.severity));
    Ok(Project {
        root,
        target_path,
        profile: shared.profile.clone(),
        flags: shared.flags.clone(),
        cli_vars: Arc::new(options.vars.clone()),
        env: options.env.clone(),
        now: options.now,
        invocation_id: shared.invocation_id.clone(),
        manifest: Arc::new(manifest),
        jinja,
        macros,
        texts,
        packages: Arc::new(packages),
        diagnostics,
        performance: Arc::new(performance),
    })
}

fn both_flags() -> Diagnostic {
    let message = "Do not specify both 'config' in profiles.yml and 'flags' in dbt_project.yml. Using 'config' in \
                   profiles.yml is deprecated.";
    Diagnostic::error(crate::code::PROJECT_FILE, message).event("DbtProjectError")
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of this age fit")]
fn seconds(now: DateTime<Utc>) -> f64 {
    now.timestamp_micros() as f64 / 1e6
}
