//! How a project's profile reaches Postgres: the profile's own server, that of DATABASE_URL, or the project's
//! private one.

use crate::Profile;
use crate::profile::Secret;
use crate::runtime::Opening;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use warehouse::embedded::{self, Handle, Keep};
use warehouse::settings::Host;
use warehouse::{Result, Settings, Warehouse};

/// Schema of models where no profile names one.
const SCHEMA: &str = "analytics";
/// Nodes run at once where no profile says how many.
const THREADS: usize = 4;
/// The private server's database.
const DATABASE: &str = "platform";

/// An open database.
pub struct Database {
    /// Connections.
    pub warehouse: Warehouse,
    /// Keeps the private server up.
    _server: Option<Handle>,
}

/// The profile of a project that has none: DATABASE_URL or the private server. Nothing is started for it.
pub fn fallback_profile(environment: &BTreeMap<String, String>) -> Option<Profile> {
    let settings = match get(environment, "DATABASE_URL") {
        Some(url) => Settings::from_url(url).ok()?.with_environment(environment),
        None => Settings {
            dbname: Some(DATABASE.to_owned()),
            user: Some(DATABASE.to_owned()),
            ..Settings::default()
        },
    };
    let user = settings.user.clone().unwrap_or_default();
    let host = settings.hosts.first().cloned().unwrap_or_else(|| Host::new("localhost", Host::DEFAULT_PORT));
    let database = settings.dbname.clone().unwrap_or_else(|| user.clone());
    let schema = get(environment, "DBT_SCHEMA").unwrap_or(SCHEMA).to_owned();
    let shown = [
        ("profile_name", Value::from("data_platform")),
        ("target_name", "dev".into()),
        ("name", "dev".into()),
        ("type", "postgres".into()),
        ("host", host.name.clone().into()),
        ("port", host.port.into()),
        ("user", user.clone().into()),
        ("database", database.clone().into()),
        ("dbname", database.clone().into()),
        ("schema", schema.clone().into()),
        ("threads", THREADS.into()),
    ];
    Some(Profile {
        name: "data_platform".to_owned(),
        target: "dev".to_owned(),
        schema,
        threads: THREADS,
        host: host.name,
        port: host.port,
        user,
        database,
        connect_timeout: 10,
        retries: 1,
        shown: shown.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>(),
        ..Profile::default()
    })
}

/// A variable that is set and not empty.
fn get<'a>(environment: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// Opens the database that a project's profile means, with at most that many pooled connections. The profile a
/// project does not have itself is [`fallback_profile`]'s: DATABASE_URL, else the private server of the project in
/// `folder`, which is started. Whether it can be reached is found out now, or when it is asked.
pub async fn open(
    profile: &Profile,
    folder: &Path,
    environment: &BTreeMap<String, String>,
    pool: usize,
    opening: Opening,
) -> Result<Database> {
    let fallback = fallback_profile(environment).is_some_and(|fallback| is_same_place(&fallback, profile));
    let (settings, server) = match get(environment, "DATABASE_URL") {
        _ if !fallback => (settings_of(profile, environment)?, None),
        Some(url) => (Settings::from_url(url)?.with_environment(environment), None),
        None => {
            let server = embedded::start(folder, environment, Keep::WhileUsed).await?;
            (server.settings(), Some(server))
        }
    };
    let warehouse = match opening {
        Opening::AtOnce => Warehouse::connect(settings, pool).await?,
        Opening::WhenAsked => Warehouse::lazy(settings, pool)?,
    };
    Ok(Database { warehouse, _server: server })
}

fn is_same_place(left: &Profile, right: &Profile) -> bool {
    let place =
        |it: &Profile| (it.name.clone(), it.host.clone(), it.port, it.user.clone(), it.database.clone());
    place(left) == place(right) && right.password.is_none()
}

/// A profile's keys as connection settings; libpq's environment fills the gaps.
fn settings_of(profile: &Profile, environment: &BTreeMap<String, String>) -> Result<Settings> {
    let mut settings = Settings {
        hosts: vec![Host::new(profile.host.as_str(), profile.port)],
        user: Some(profile.user.clone()),
        password: profile.password.as_ref().map(|password| warehouse::Secret::new(Secret::reveal(password))),
        dbname: Some(profile.database.clone()),
        connect_timeout: Settings::timeout(profile.connect_timeout.into()),
        keepalives_idle: (profile.keepalives_idle > 0)
            .then(|| Duration::from_secs(profile.keepalives_idle.into())),
        search_path: profile.search_path.clone().filter(|path| !path.trim().is_empty()),
        role: profile.role.clone(),
        application_name: Some(profile.application_name.clone().unwrap_or_else(|| "dbt".to_owned())),
        retries: profile.retries,
        ..Settings::default()
    };
    let more = [
        ("sslmode", &profile.sslmode),
        ("sslcert", &profile.sslcert),
        ("sslkey", &profile.sslkey),
        ("sslrootcert", &profile.sslrootcert),
    ];
    for (keyword, value) in more {
        if let Some(value) = value {
            settings.set(keyword, value)?;
        }
    }
    Ok(settings.with_environment(environment))
}
