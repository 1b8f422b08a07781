//! Reads a project and writes its manifest to standard output: `manifest PROJECT_DIR [PROFILES_DIR]`.
//! Diagnostics go to standard error.

use project::ReadOptions;
use std::io::Write as _;
use std::sync::Arc;

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut options = ReadOptions::new(arguments.next().unwrap_or_else(|| ".".to_owned()));
    options.profiles_dir = arguments.next().map(Into::into);
    options.env = Arc::new(std::env::vars().collect());
    let started = std::time::Instant::now();
    let mut errors = std::io::stderr().lock();
    let project = match project::read(&options) {
        Ok(project) => project,
        Err(project::Error::Invalid(diagnostics)) => {
            for diagnostic in diagnostics {
                let _ = writeln!(errors, "{diagnostic}");
            }
            return 2.into();
        }
        Err(error) => {
            let _ = writeln!(errors, "{error}");
            return 2.into();
        }
    };
    let _ = writeln!(errors, "read in {:?}", started.elapsed());
    for diagnostic in &project.diagnostics {
        let _ = writeln!(errors, "{diagnostic}");
    }
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = serde_json::to_writer(out, &*project.manifest);
    let failed = written.is_err() || project.errors().next().is_some();
    let _ = writeln!(errors, "wrote in {:?}", started.elapsed());
    u8::from(failed).into()
}
