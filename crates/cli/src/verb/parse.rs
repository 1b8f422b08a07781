//! `dp parse`: reads the project and writes its manifest.

use crate::artifact;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;

/// Reads the project and writes its manifest.
pub fn parse(invocation: &Invocation) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    artifact::write_manifest(invocation, &project)?;
    // The process ends here: taking a large project apart would only take time.
    std::mem::forget(project);
    Ok(Exit::Success)
}
