//! `profiles.yml` → [`Profile`]: where the project is built (<https://docs.getdbt.com/docs/core/connect-data-platform/postgres-setup>).

use crate::code;
use crate::context::env::Secrets;
use crate::context::vars::Vars;
use crate::error::Error;
use crate::options::ReadOptions;
use crate::render::{self, Renderer};
use crate::yaml::{self, Document, Node};
use platform_core::Diagnostic;
use platform_core::diagnostic::nearest;
use serde_json::{Map, Value};
use std::fmt;
use std::path::PathBuf;

/// A text that no log, error or template may show.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret of that text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text; for the connection alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("*****")
    }
}

/// One target of a profile, all keys resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Name of the profile.
    pub name: String,
    /// Name of the target.
    pub target: String,
    /// Schema that models are built in.
    pub schema: String,
    /// Slots of a run.
    pub threads: usize,
    /// Host name, address or folder of the socket.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User (`user`, `username`).
    pub user: String,
    /// Password (`password`, `pass`).
    pub password: Option<Secret>,
    /// Database (`dbname`, `database`).
    pub database: String,
    /// Seconds to wait for a connection; 10 by default.
    pub connect_timeout: u32,
    /// `set role` after connecting.
    pub role: Option<String>,
    /// `search_path` of the session.
    pub search_path: Option<String>,
    /// Seconds between keepalives; 0 is the system's own.
    pub keepalives_idle: u32,
    /// `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full`.
    pub sslmode: Option<String>,
    /// Client certificate.
    pub sslcert: Option<String>,
    /// Its key.
    pub sslkey: Option<String>,
    /// Certificates of the authorities trusted.
    pub sslrootcert: Option<String>,
    /// `application_name` of the session; `dbt` by default.
    pub application_name: Option<String>,
    /// How often a connection is tried again; 1 by default.
    pub retries: u32,
    /// Whether statements run outside of transactions.
    pub autocommit: bool,
    /// Flags of old: `config` beside the profiles, below those of the project.
    pub flags: Map<String, Value>,
    /// What is to be said of the file.
    pub warnings: Vec<Diagnostic>,
    /// The keys that `target` shows to templates, in dbt's order: no secrets.
    pub shown: Map<String, Value>,
}

impl Profile {
    /// The keys that `target` shows, of the profile as it is now.
    #[must_use]
    pub fn with_shown(mut self) -> Self {
        let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::String);
        let shown = [
            ("host", Value::from(self.host.as_str())),
            ("port", Value::from(self.port)),
            ("user", Value::from(self.user.as_str())),
            ("database", Value::from(self.database.as_str())),
            ("schema", Value::from(self.schema.as_str())),
            ("connect_timeout", Value::from(self.connect_timeout)),
            ("role", optional(&self.role)),
            ("search_path", optional(&self.search_path)),
            ("keepalives_idle", Value::from(self.keepalives_idle)),
            ("sslmode", optional(&self.sslmode)),
            ("sslcert", optional(&self.sslcert)),
            ("sslkey", optional(&self.sslkey)),
            ("sslrootcert", optional(&self.sslrootcert)),
            ("application_name", optional(&self.application_name)),
            ("autocommit", Value::Bool(self.autocommit)),
            ("retries", Value::from(self.retries)),
            ("dbname", Value::from(self.database.as_str())),
            ("type", Value::from("postgres")),
            ("threads", Value::from(self.threads)),
            ("name", Value::from(self.target.as_str())),
            ("target_name", Value::from(self.target.as_str())),
            ("profile_name", Value::from(self.name.as_str())),
        ];
        self.shown = shown.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        self
    }
}

/// Where a `profiles.yml` is looked for, first to last.
pub fn search_order(options: &ReadOptions) -> Vec<PathBuf> {
    let env = |name: &str| options.env.get(name).filter(|value| !value.is_empty());
    if let Some(dir) = &options.profiles_dir {
        return vec![dir.clone()];
    }
    if let Some(dir) = env("DBT_PROFILES_DIR") {
        return vec![PathBuf::from(dir)];
    }
    let home = env("HOME").or_else(|| env("USERPROFILE"));
    std::iter::once(options.working_dir.clone())
        .chain(home.map(|home| PathBuf::from(home).join(".dbt")))
        .collect()
}

/// The profile that can be meant where none is named: the only one, or `default`.
pub fn only_name(options: &ReadOptions) -> Option<String> {
    let path =
        search_order(options).into_iter().map(|dir| dir.join("profiles.yml")).find(|it| it.is_file())?;
    let document = yaml::parse("profiles.yml", std::fs::read_to_string(path).ok()?).ok()?;
    let names = document.root.entries().iter().map(|entry| entry.key.as_str()).filter(|key| *key != "config");
    let names: Vec<&str> = names.collect();
    let only = if names.len() == 1 { Some(names[0]) } else { None };
    only.or_else(|| names.into_iter().find(|name| *name == "default")).map(str::to_owned)
}

/// Reads the profile that the options or the project name; the caller's fallback where no file is.
pub fn read(options: &ReadOptions, project_profile: Option<&str>) -> Result<Profile, Error> {
    let folders = search_order(options);
    let path = folders.iter().map(|dir| dir.join("profiles.yml")).find(|path| path.is_file());
    let Some(path) = path else {
        // Who says where the file is has one.
        let fallback = options.fallback_profile.clone().filter(|_| options.profiles_dir.is_none());
        return fallback.map(Profile::with_shown).ok_or_else(|| {
            let places: Vec<String> = folders.iter().map(|dir| dir.display().to_string()).collect();
            let name = options.profile.as_deref().or(project_profile).unwrap_or("default");
            fault(format!("Could not find profile named '{name}'"))
                .hint(format!(
                    "there is no profiles.yml in {}: write one, or set DATABASE_URL",
                    places.join(", ")
                ))
                .into()
        });
    };
    let text = std::fs::read_to_string(&path).map_err(|source| Error::File {
        action: "read",
        path: path.clone(),
        source,
    })?;
    let shown_path = path.display().to_string();
    let document =
        yaml::parse(shown_path.as_str(), text).map_err(|error| yaml::diagnostic_of_secrets(&error))?;
    let name = options.profile.as_deref().or(project_profile).map(str::to_owned);
    let Some(name) = name else { return Err(no_name(&shown_path).into()) };
    // Where a fault is, is said; the line isn't shown, as a password may stand in it.
    match (Loader { options, document: &document }).profile(&name) {
        Ok(mut profile) => {
            profile.warnings = profile.warnings.into_iter().map(Diagnostic::without_snippet).collect();
            Ok(profile)
        }
        Err(fault) => Err(fault.without_snippet().into()),
    }
}

fn fault(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(code::PROFILE, message).event("DbtProfileError")
}

fn no_name(path: &str) -> Diagnostic {
    fault("dbt cannot run because no profile was specified for this dbt project")
        .event("DbtProjectError")
        .hint(format!("add `profile: NAME` to dbt_project.yml, with a name from {path}"))
}

struct Loader<'a> {
    options: &'a ReadOptions,
    document: &'a Document,
}

impl Loader<'_> {
    fn profile(&self, name: &str) -> Result<Profile, Diagnostic> {
        let root = &self.document.root;
        let renderer = self.renderer();
        let Some(profile) = root.get(name) else {
            let names = root.entries().iter().map(|it| it.key.as_str()).filter(|it| *it != "config");
            let near = nearest(name, names.clone());
            let hint = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{} has: {}", self.document.file, names.collect::<Vec<_>>().join(", ")),
            };
            return Err(fault(format!("Could not find profile named '{name}'")).hint(hint));
        };
        let outputs = profile.get("outputs").ok_or_else(|| {
            fault(format!("outputs not specified in profile '{name}'")).at(self.document.place(&profile.span))
        })?;
        let written = profile.entry("target").map(|entry| &entry.value);
        let target = match (&self.options.target, written) {
            (Some(target), _) => target.clone(),
            // As in dbt, nothing is no default.
            (None, Some(target)) if target.is_null() => "None".to_owned(),
            (None, Some(target)) => {
                let target = renderer.render(self.document, target, &render::all)?;
                target.scalar_text().unwrap_or_default()
            }
            (None, None) => "default".to_owned(),
        };
        let Some(output) = outputs.get(&target) else {
            let names: Vec<String> = outputs.entries().iter().map(|it| format!(" - {}", it.key)).collect();
            return Err(fault(format!(
                "The profile '{name}' does not have a target named '{target}'. The valid target names for this \
                 profile are:\n{}",
                names.join("\n")
            ))
            .at(self.document.place(&outputs.span)));
        };
        let mut output = renderer.render(self.document, output, &|path| path == ["password"])?;
        // As in dbt, a password that is no template is taken as it is written: `{{` may well stand in one.
        let mut taken_as_written = None;
        if let Some(password) = output.value_mut("password") {
            match renderer.render(self.document, password, &render::all) {
                Ok(rendered) => *password = rendered,
                Err(fault) => {
                    let message = format!("The password is taken as it is written: {}", fault.message);
                    let warning = Diagnostic::warning(code::PROFILE, message);
                    taken_as_written = Some(warning.at(self.document.place(&password.span)));
                }
            }
        }
        let mut profile = self.target(name, &target, &output)?;
        profile.warnings.extend(taken_as_written);
        Ok(profile)
    }

    fn renderer(&self) -> Renderer {
        let shared = render::bootstrap(self.options, &Profile::default());
        Renderer::new(
            crate::render::Reading::Connection,
            &shared,
            &Vars::of_command_line(&self.options.vars),
            "",
            Secrets::Given,
        )
    }

    fn target(&self, name: &str, target: &str, output: &Node) -> Result<Profile, Diagnostic> {
        let invalid = |message: String, span: &std::ops::Range<usize>| {
            fault(format!("Credentials in profile \"{name}\", target \"{target}\" invalid: {message}"))
                .at(self.document.place(span))
        };
        match output.text_of("type") {
            Some("postgres" | "postgresql") => {}
            Some(other) => {
                return Err(fault(format!("Could not find adapter type {other}!"))
                    .event("DbtRuntimeError")
                    .at(self.document.place(&output.span))
                    .hint("this engine builds in Postgres: `type: postgres`"));
            }
            None => return Err(invalid("required field \"type\" not found".into(), &output.span)),
        }
        for (keys, wanted) in TYPES {
            let entries = keys.iter().filter_map(|key| output.entry(key));
            for node in entries.map(|entry| &entry.value) {
                let fits = match wanted {
                    Wanted::Text => node.text().is_some(),
                    Wanted::TextOrNull => node.text().is_some() || node.is_null(),
                    Wanted::Integer => matches!(node.content, yaml::Content::Int(_)),
                };
                if !fits {
                    let hint = match (wanted, &node.content) {
                        (Wanted::Integer, yaml::Content::Text(text)) if text.parse::<u32>().is_ok() => {
                            "write it without quotes, or `| as_number` in its template"
                        }
                        (_, yaml::Content::Int(_)) => "put it in quotes",
                        (_, yaml::Content::Undefined) => render::UNDEFINED_HINT,
                        _ => "see <https://docs.getdbt.com/docs/core/connect-data-platform/postgres-setup>",
                    };
                    let value = if *keys == PASSWORD { "the password".to_owned() } else { shown(node) };
                    let message = format!("{value} {}", wanted.refusal());
                    return Err(invalid(message, &node.span).hint(hint));
                }
            }
        }
        let text = |keys: &[&str]| keys.iter().find_map(|key| output.get(key)).and_then(Node::scalar_text);
        let required = |keys: &[&str]| {
            text(keys).ok_or_else(|| invalid(format!("'{}' is a required property", keys[0]), &output.span))
        };
        let number = |key: &str, default: u32| match output.get(key) {
            None => Ok(default),
            Some(node) => node
                .scalar_text()
                .and_then(|text| text.trim().parse().ok())
                .ok_or_else(|| invalid(format!("{} is not of type 'integer'", shown(node)), &node.span)),
        };
        if output.get("port").is_none() {
            return Err(invalid("'port' is a required property".into(), &output.span));
        }
        let port = number("port", 5432)?;
        let port =
            u16::try_from(port).map_err(|_| invalid(format!("{port} is not a valid port"), &output.span))?;
        let threads = match self.options.threads {
            Some(threads) => threads,
            None => number("threads", 1)? as usize,
        };
        let profile = Profile {
            name: name.to_owned(),
            target: target.to_owned(),
            schema: required(&["schema"])?,
            threads,
            host: required(&["host"])?,
            port,
            user: required(&["user", "username"])?,
            password: text(&["password", "pass"]).map(Secret::new),
            database: required(&["database", "dbname"])?,
            connect_timeout: number("connect_timeout", 10)?,
            role: text(&["role"]),
            search_path: text(&["search_path"]),
            keepalives_idle: number("keepalives_idle", 0)?,
            sslmode: text(&["sslmode"]),
            sslcert: text(&["sslcert"]),
            sslkey: text(&["sslkey"]),
            sslrootcert: text(&["sslrootcert"]),
            application_name: text(&["application_name"]).or_else(|| Some("dbt".to_owned())),
            retries: number("retries", 1)?,
            autocommit: output.get("autocommit").and_then(Node::boolean).unwrap_or(false),
            flags: self.flags(),
            warnings: self.warnings(output),
            shown: Map::new(),
        };
        Ok(profile.with_shown())
    }

    /// Flags of the time before they stood in `dbt_project.yml`.
    fn flags(&self) -> Map<String, Value> {
        let flags = self.document.root.get("config").map(Node::to_json_map).unwrap_or_default();
        flags.into_iter().map(|(key, value)| (key.to_lowercase(), value)).collect()
    }

    /// Reported later with everything else: flags that stand here, keys that no connection has.
    fn warnings(&self, output: &Node) -> Vec<Diagnostic> {
        let moved = self.document.root.entry("config").filter(|entry| entry.value.is_map()).map(|entry| {
            let message = "User config should be moved from the 'config' key in profiles.yml to the 'flags' key in \
                           dbt_project.yml.";
            Diagnostic::warning(code::DEPRECATED, message)
                .event("ProjectFlagsMovedDeprecation")
                .at(self.document.place(&entry.span))
        });
        let stray = output.entries().iter().filter(|entry| !KEYS.contains(&entry.key.as_str()));
        let unknown = stray.map(|entry| {
            let warning =
                Diagnostic::warning(code::UNKNOWN_KEY, format!("unknown key `{}` in a profile", entry.key))
                    .at(self.document.place(&entry.span));
            match nearest(&entry.key, KEYS.iter().copied()).first() {
                Some(near) => warning.hint(format!("did you mean `{near}`?")),
                None => warning,
            }
        });
        moved.into_iter().chain(unknown).collect()
    }
}

fn shown(node: &Node) -> String {
    match node.content {
        yaml::Content::Undefined => "Undefined".to_owned(),
        _ => crate::python::repr(&node.to_json()),
    }
}

/// What a key of a connection may hold.
#[derive(Clone, Copy)]
enum Wanted {
    Text,
    TextOrNull,
    Integer,
}

impl Wanted {
    fn refusal(self) -> &'static str {
        match self {
            Self::Text => "is not of type 'string'",
            Self::TextOrNull => "is not valid under any of the given schemas",
            Self::Integer => "is not of type 'integer'",
        }
    }
}

/// Whose value no message holds.
const PASSWORD: &[&str] = &["password", "pass"];

/// Keys of a connection, the names of one beside each other, and what they may hold.
const TYPES: &[(&[&str], Wanted)] = &[
    (&["database", "dbname"], Wanted::Text),
    (&["schema"], Wanted::Text),
    (&["host"], Wanted::Text),
    (&["user", "username"], Wanted::Text),
    (&["port"], Wanted::Integer),
    (PASSWORD, Wanted::Text),
    (&["connect_timeout"], Wanted::Integer),
    (&["role"], Wanted::TextOrNull),
    (&["search_path"], Wanted::TextOrNull),
    (&["keepalives_idle"], Wanted::Integer),
    (&["sslmode", "sslcert", "sslkey", "sslrootcert"], Wanted::TextOrNull),
    (&["application_name"], Wanted::TextOrNull),
    (&["retries"], Wanted::Integer),
    (&["threads"], Wanted::Integer),
];

/// Every key that a target of type `postgres` may have.
const KEYS: &[&str] = &[
    "type",
    "host",
    "port",
    "user",
    "username",
    "password",
    "pass",
    "dbname",
    "database",
    "schema",
    "threads",
    "connect_timeout",
    "role",
    "search_path",
    "keepalives_idle",
    "sslmode",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "application_name",
    "retries",
    "autocommit",
];
