//! The database of a command, and the threads that talk to it.

use crate::exit::Stop;
use crate::invocation::Invocation;
use project::runtime::Opening;
use project::{Profile, database};
use tokio::runtime::Runtime;
use warehouse::Warehouse;

/// An open database and the threads that talk to it.
pub struct Database {
    /// Connections.
    pub warehouse: Warehouse,
    /// Where asynchronous work runs.
    pub runtime: Runtime,
    /// When connections are opened.
    pub opening: Opening,
    /// Keeps the private server up.
    _opened: database::Database,
}

/// Opens the database that a project's profile means.
pub fn open(invocation: &Invocation, profile: &Profile, pool: usize) -> Result<Database, Stop> {
    open_when(invocation, profile, pool, Opening::AtOnce)
}

/// The same for a command that may need none.
pub fn open_when(
    invocation: &Invocation,
    profile: &Profile,
    pool: usize,
    opening: Opening,
) -> Result<Database, Stop> {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = threads.map_err(|error| Stop::runtime(format!("no threads could be started: {error}")))?;
    let (folder, environment) = (invocation.project_dir(), &invocation.environment.variables);
    let opened = runtime.block_on(database::open(profile, &folder, environment, pool, opening))?;
    Ok(Database { warehouse: opened.warehouse.clone(), runtime, opening, _opened: opened })
}
