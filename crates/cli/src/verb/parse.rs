//! `dp parse`: reads the project and writes its manifest.

use crate::artifact;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use platform_core::event::Level;
use platform_core::{Event, EventSink as _};
use project::Project;
use serde::Serialize as _;

/// Reads the project and writes its manifest, and how long the reading took.
pub fn parse(invocation: &Invocation) -> Result<Exit, Stop> {
    let project = invocation.read()?;
    artifact::write_manifest(invocation, &project)?;
    write_performance(invocation, &project)?;
    // The process ends here: taking a large project apart would only take time.
    std::mem::forget(project);
    Ok(Exit::Success)
}

/// Writes perf_info.json; as in dbt, also where no other artifact is wanted.
fn write_performance(invocation: &Invocation, project: &Project) -> Result<(), Stop> {
    let path = project.target_path.join("perf_info.json");
    let failed = |source| Stop::File { action: "write", path: path.clone(), source };
    let write = |file: &mut _| {
        let indented = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        Ok(project.performance.serialize(&mut serde_json::Serializer::with_formatter(file, indented))?)
    };
    model_graph::write_aside(&path, write).map_err(failed)?;
    let shown = path.display().to_string();
    let event = Event::new(Level::Info, "ParsePerfInfoPath", format!("Performance info: {shown}"));
    invocation.log.send(event.code("I010").with("path", shown));
    Ok(())
}
