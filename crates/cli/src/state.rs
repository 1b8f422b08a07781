//! `--state`, `--defer`, `--favor-state`: another state of the project
//! (<https://docs.getdbt.com/reference/node-selection/defer>).

use crate::choice::{state_folder, state_manifest};
use crate::exit::Stop;
use crate::invocation::Invocation;
use project::runtime::Deferred;
use std::path::Path;
use std::sync::Arc;

/// What `--defer` reads from; `None` where nothing is deferred.
pub fn deferred(invocation: &Invocation) -> Result<Option<Deferred>, Stop> {
    let flags = &invocation.global.state;
    if flags.defer != Some(true) {
        return Ok(None);
    }
    required(invocation, flags.favor_state == Some(true)).map(Some)
}

/// The state that `clone` copies, or that `--defer` must have.
pub fn required(invocation: &Invocation, favor_state: bool) -> Result<Deferred, Stop> {
    let flags = &invocation.global.state;
    let given = flags.defer_state.as_ref().or(flags.state.as_ref()).ok_or_else(|| {
        Stop::runtime("--state or --defer-state are required for deferral, but neither was provided")
    })?;
    let folder = state_folder(invocation, Some(given))?.unwrap_or_else(|| given.clone());
    let manifest = state_manifest(&folder)?.ok_or_else(|| missing(given))?;
    Ok(Deferred { manifest: Arc::new(manifest), favor_state })
}

fn missing(folder: &Path) -> Stop {
    Stop::runtime(format!("Could not find manifest in --state path: \"{}\"", folder.display()))
}
