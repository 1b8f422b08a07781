//! How to reach a database: what a URL, a profile or the environment says.

mod environment;
mod pgpass;
mod text;

pub use environment::Environment;

use crate::{Error, Result, Secret};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything needed to open a connection. `Default` is libpq's default with nothing given.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Servers to try in turn; empty means the default socket, then localhost.
    pub hosts: Vec<Host>,
    /// Role to log in as; the operating system's user when absent.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// Database; the user's name when absent.
    pub dbname: Option<String>,
    /// Whether and how TLS is used.
    pub sslmode: SslMode,
    /// Client certificate (PEM).
    pub sslcert: Option<PathBuf>,
    /// Client key (PEM).
    pub sslkey: Option<PathBuf>,
    /// Certificates trusted for the server (PEM file), or `system`.
    pub sslrootcert: Option<PathBuf>,
    /// Longest time for one attempt at one server.
    pub connect_timeout: Duration,
    /// Idle time before TCP keepalives; the system's own when absent.
    pub keepalives_idle: Option<Duration>,
    /// `search_path` of every session, as written in SQL.
    pub search_path: Option<String>,
    /// Role taken by `set role` in every session.
    pub role: Option<String>,
    /// Shown in `pg_stat_activity`.
    pub application_name: Option<String>,
    /// Command-line options for the server process (`-c name=value`).
    pub options: Option<String>,
    /// Further attempts when no server answers.
    pub retries: u32,
    /// Which servers are good enough.
    pub target_session_attrs: SessionAttrs,
    /// Password file in place of `~/.pgpass`.
    pub passfile: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            user: None,
            password: None,
            dbname: None,
            sslmode: SslMode::default(),
            sslcert: None,
            sslkey: None,
            sslrootcert: None,
            connect_timeout: Duration::from_secs(10),
            keepalives_idle: None,
            search_path: None,
            role: None,
            application_name: None,
            options: None,
            retries: 1,
            target_session_attrs: SessionAttrs::default(),
            passfile: None,
        }
    }
}

/// One server: a name, an address, or the folder of a unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Name or address; a path (beginning with `/`) or `@name` is a socket.
    pub name: String,
    /// Port; names the socket's file too.
    pub port: u16,
}

impl Host {
    /// Postgres' own port.
    pub const DEFAULT_PORT: u16 = 5432;

    /// A server at that place.
    pub fn new(name: impl Into<String>, port: u16) -> Self {
        Self { name: name.into(), port }
    }

    /// Whether it is the folder of a unix socket.
    pub fn is_socket(&self) -> bool {
        self.name.starts_with('/') || self.name.starts_with('@')
    }

    /// Whether it runs on this machine.
    pub fn is_local(&self) -> bool {
        let is_loopback = |address: IpAddr| address.is_loopback();
        self.is_socket() || self.name == "localhost" || self.name.parse().is_ok_and(is_loopback)
    }
}

/// libpq's `sslmode` (PostgreSQL manual, 34.19).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// Never TLS.
    Disable,
    /// TLS only where the server insists.
    Allow,
    /// TLS where the server has it.
    #[default]
    Prefer,
    /// TLS, with any certificate.
    Require,
    /// TLS, with a certificate of a trusted authority.
    VerifyCa,
    /// TLS, with a trusted certificate for this very host.
    VerifyFull,
}

impl std::str::FromStr for SslMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            other => {
                return Err(Error::Settings {
                    problem: format!(
                        "sslmode `{other}` is none of disable, allow, prefer, require, verify-ca, verify-full"
                    ),
                });
            }
        })
    }
}

/// libpq's `target_session_attrs`, as far as one server can answer it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionAttrs {
    /// Any server.
    #[default]
    Any,
    /// One that accepts writes.
    ReadWrite,
    /// One that accepts no writes.
    ReadOnly,
}

impl Settings {
    /// A `connect_timeout` in seconds; to libpq zero means to wait without end (here a day).
    pub fn timeout(seconds: u64) -> Duration {
        Duration::from_secs(if seconds == 0 { 24 * 3600 } else { seconds })
    }

    /// Reads `postgres://user:password@host:port/dbname?sslmode=…` or `host=… dbname=…`
    /// (PostgreSQL manual, 34.1.1). The password never appears in an error.
    pub fn from_url(url: &str) -> Result<Self> {
        text::parse(url)
    }

    /// Sets one of libpq's keywords, as written in a URL's query, a keyword string or a profile.
    pub fn set(&mut self, keyword: &str, value: &str) -> Result<()> {
        text::set(self, keyword, value)
    }

    /// Fills what is not set from libpq's variables (`PGHOST`, `PGUSER`, `PGPASSWORD`, …), then the
    /// password file, then libpq's defaults.
    #[must_use]
    pub fn with_environment(self, environment: &Environment) -> Self {
        environment::complete(self, environment)
    }

    /// The database's name, by libpq's default the user's.
    pub fn database(&self) -> &str {
        self.dbname.as_deref().or(self.user.as_deref()).unwrap_or("postgres")
    }

    /// The role that logs in.
    pub fn login(&self) -> &str {
        self.user.as_deref().unwrap_or("postgres")
    }

    /// The servers to try, libpq's default when none is given.
    pub fn servers(&self) -> Vec<Host> {
        if self.hosts.is_empty() {
            return vec![Host::new("localhost", Host::DEFAULT_PORT)];
        }
        self.hosts.clone()
    }

    /// `host:port/dbname as user`: what a person may see.
    pub fn target(&self) -> String {
        let hosts: Vec<String> =
            self.servers().iter().map(|host| format!("{}:{}", host.name, host.port)).collect();
        format!("{}/{} as {}", hosts.join(","), self.database(), self.login())
    }

    /// The same settings with another database.
    #[must_use]
    pub fn with_dbname(&self, dbname: impl Into<String>) -> Self {
        Self { dbname: Some(dbname.into()), ..self.clone() }
    }

    /// The same settings under another name in `pg_stat_activity`.
    #[must_use]
    pub fn with_application_name(&self, name: impl Into<String>) -> Self {
        Self { application_name: Some(name.into()), ..self.clone() }
    }

    /// A URL for another program (`psql`, dbt, a BI tool). Holds the password: show it to nobody
    /// but the one who asked for it.
    pub fn to_url(&self) -> Secret {
        text::to_url(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_and_loopback_are_this_machine() {
        let is_local = |name| Host::new(name, Host::DEFAULT_PORT).is_local();
        assert!(
            ["/run/postgresql", "@socket", "localhost", "127.0.0.1", "127.1.2.3", "::1"]
                .iter()
                .all(|it| is_local(*it))
        );
        assert!(!["db", "10.0.0.1", "localhost.example"].iter().any(|it| is_local(*it)));
    }
}
