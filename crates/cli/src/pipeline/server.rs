//! Where the pipeline works: the database it is pointed at, or a private server of its own.

use super::options::Pipeline;
use crate::exit::Stop;
use crate::invocation::Environment;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use warehouse::embedded::{self, Handle, Keep};
use warehouse::{Settings, Warehouse};

/// Connections that the pipeline itself holds at most, beside those of the stages.
const POOL: usize = 6;

/// An open database; the private server stops when the last user lets it go.
pub struct Server {
    /// Connections.
    pub warehouse: Warehouse,
    /// The environment for the stages: they find the same database.
    pub environment: Environment,
    _handle: Option<Handle>,
}

/// Opens the database of `--url` or DATABASE_URL, else the project's private server.
pub async fn open(options: &Pipeline, environment: &Environment, folder: &Path) -> Result<Server, Stop> {
    let url = options.url.as_deref().or_else(|| environment.get("DATABASE_URL"));
    let variables = environment.variables.as_ref().clone();
    let (settings, handle) = match url {
        Some(url) => (Settings::from_url(url)?.with_environment(&variables), None),
        None => {
            let keep = if options.keep { Keep::Forever } else { Keep::WhileUsed };
            let handle = embedded::start(folder, &variables, keep).await?;
            (handle.settings(), Some(handle))
        }
    };
    let mut changed: BTreeMap<String, String> = environment.variables.as_ref().clone();
    if let Some(url) = &options.url {
        changed.insert("DATABASE_URL".to_owned(), url.clone());
    }
    Ok(Server {
        warehouse: Warehouse::connect(settings, POOL).await?,
        environment: Environment { variables: Arc::new(changed), ..environment.clone() },
        _handle: handle,
    })
}
