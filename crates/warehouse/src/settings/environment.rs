//! libpq's environment: `PG*` variables, read once by the binary and handed in as a map.

use super::{Settings, pgpass};
use crate::Secret;
use std::collections::BTreeMap;
use std::path::Path;

/// Environment variables, as read at the start of a program.
pub type Environment = BTreeMap<String, String>;

/// Variables and the keyword each stands for (PostgreSQL manual, 34.15).
const VARIABLES: [(&str, &str); 13] = [
    ("PGHOST", "host"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGDATABASE", "dbname"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGPASSFILE", "passfile"),
];

/// Fills the gaps of `settings`. A variable with a value that makes no sense is passed over: it was
/// not written for us.
pub(super) fn complete(mut settings: Settings, environment: &Environment) -> Settings {
    let defaults = Settings::default();
    let hosts_missing = settings.hosts.is_empty();
    for (variable, keyword) in VARIABLES {
        let Some(value) = environment.get(variable).filter(|value| !value.is_empty()) else { continue };
        let missing = match keyword {
            "host" | "port" => hosts_missing,
            "user" => settings.user.is_none(),
            "dbname" => settings.dbname.is_none(),
            "sslmode" => settings.sslmode == defaults.sslmode,
            "sslcert" => settings.sslcert.is_none(),
            "sslkey" => settings.sslkey.is_none(),
            "sslrootcert" => settings.sslrootcert.is_none(),
            "application_name" => settings.application_name.is_none(),
            "options" => settings.options.is_none(),
            "connect_timeout" => settings.connect_timeout == defaults.connect_timeout,
            "target_session_attrs" => settings.target_session_attrs == defaults.target_session_attrs,
            _ => settings.passfile.is_none(),
        };
        if missing {
            let _ = settings.set(keyword, value);
        }
    }
    complete_login(&mut settings, environment);
    let home = environment.get("HOME").map(Path::new);
    complete_certificates(&mut settings, home);
    if settings.password.is_none() {
        settings.password = match environment.get("PGPASSWORD").filter(|password| !password.is_empty()) {
            Some(password) => Some(Secret::new(password.as_str())),
            None => pgpass::look_up(&settings, home),
        };
    }
    settings
}

fn complete_login(settings: &mut Settings, environment: &Environment) {
    if settings.user.is_none() {
        settings.user = nix::unistd::User::from_uid(nix::unistd::geteuid())
            .ok()
            .flatten()
            .map(|user| user.name)
            .or_else(|| environment.get("USER").cloned());
    }
    if settings.hosts.is_empty() {
        let socket = ["/var/run/postgresql", "/tmp"]
            .into_iter()
            .find(|folder| Path::new(folder).join(".s.PGSQL.5432").exists())
            .unwrap_or("localhost");
        settings.hosts = vec![super::Host::new(socket, super::Host::DEFAULT_PORT)];
    }
}

/// libpq's default files under `~/.postgresql`.
fn complete_certificates(settings: &mut Settings, home: Option<&Path>) {
    let Some(folder) = home.map(|home| home.join(".postgresql")) else { return };
    let existing = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
    settings.sslrootcert = settings.sslrootcert.take().or_else(|| existing("root.crt"));
    if settings.sslcert.is_none() && settings.sslkey.is_none() {
        settings.sslcert = existing("postgresql.crt");
        settings.sslkey = settings.sslcert.as_ref().and_then(|_| existing("postgresql.key"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn fills_only_the_gaps() {
        let environment =
            environment(&[("PGHOST", "e"), ("PGPORT", "7"), ("PGUSER", "eu"), ("PGPASSWORD", "ep")]);
        let filled = Settings::default().with_environment(&environment);
        assert_eq!(filled.target(), "e:7/eu as eu");
        assert_eq!(filled.password.as_ref().map(Secret::reveal), Some("ep"));
        let given = Settings::from_url("postgres://u:p@h:1/d").unwrap().with_environment(&environment);
        assert_eq!(given.target(), "h:1/d as u");
        assert_eq!(given.password.as_ref().map(Secret::reveal), Some("p"));
    }
}
