//! `dp deps`: installs packages (<https://docs.getdbt.com/reference/commands/deps>).

use crate::arguments::verb::Deps;
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, stop};
use project::package::add::{self, Source};
use project::package::install::{self, Request};

/// The variable that names another registry than dbt's.
const HUB: &str = "DBT_PACKAGE_HUB_URL";

/// Settles on packages and installs them.
pub fn deps(invocation: &Invocation, arguments: &Deps) -> Result<Exit, Stop> {
    let options = invocation.read_options();
    if let Some(package) = &arguments.add_package {
        let source = match arguments.source.as_str() {
            "git" => Source::Git,
            "local" => Source::Local,
            _ => Source::Hub,
        };
        if source == Source::Hub && !package.contains('@') {
            return Err(Stop::usage(format!(
                "--add-package wants a version: `--add-package {package}@1.0.0`"
            )));
        }
        add::add(&options, package, source).map_err(stop)?;
    }
    let request = Request {
        lock: arguments.lock,
        upgrade: arguments.upgrade,
        added: arguments.add_package.is_some(),
        hub: invocation.environment.get(HUB).map(str::to_owned),
    };
    install::install(&options, &request).map_err(stop)?;
    invocation.stop_if_escalated()?;
    Ok(Exit::Success)
}
