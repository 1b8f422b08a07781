//! `profiles.yml` → [`Profile`]: where the project is built (<https://docs.getdbt.com/docs/core/connect-data-platform/postgres-setup>).

use serde_json::{Map, Value};
use std::fmt;

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
    /// The keys that `target` shows to templates, in dbt's order: no secrets.
    pub shown: Map<String, Value>,
}
