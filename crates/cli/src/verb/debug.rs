//! `dp debug`: what is used, whether its files can be read, and whether the database answers
//! (<https://docs.getdbt.com/reference/commands/debug>).

use crate::arguments::verb::Debug;
use crate::database;
use crate::exit::{Exit, Stop, indent};
use crate::invocation::{DBT_VERSION, Invocation};
use crate::report;
use platform_core::event::Level;
use platform_core::{Diagnostic, EventSink as _};
use project::runtime::telling;
use project::{Profile, ReadOptions};
use std::path::Path;
use std::time::Instant;

/// Checks files and connection; what is wrong is told at the end, all of it.
pub fn debug(invocation: &Invocation, arguments: &Debug) -> Result<Exit, Stop> {
    let options = invocation.read_options();
    let folders = project::profile::search_order(&options);
    let found = folders.iter().find(|folder| folder.join("profiles.yml").is_file());
    let profiles =
        found.or_else(|| folders.first()).map(|folder| folder.join("profiles.yml")).unwrap_or_default();
    let profiles_folder = profiles.parent().unwrap_or(Path::new("."));
    if arguments.config_dir {
        let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        let shown = profiles_folder.display();
        tell(invocation, &format!("To view your profiles.yml file, run:\n\n{opener} {shown}"));
        return Ok(Exit::Success);
    }
    let project_file = options.project_dir.join("dbt_project.yml");
    tell(invocation, &format!("dbt version: {DBT_VERSION}"));
    tell(invocation, &format!("os info: {} {}", std::env::consts::OS, std::env::consts::ARCH));
    tell(invocation, &format!("Using profiles dir at {}", profiles_folder.display()));
    tell(invocation, &format!("Using profiles.yml file at {}", profiles.display()));
    tell(invocation, &format!("Using dbt_project.yml file at {}", project_file.display()));
    let checked = project::check(&options);
    if let Ok(settings) = &checked.settings {
        for warning in &settings.warnings {
            invocation.log.send(report::warning(warning));
        }
        invocation.stop_if_escalated()?;
    }
    let mut problems = Vec::new();
    for error in [checked.settings.as_ref().err(), checked.profile.as_ref().err()].into_iter().flatten() {
        // As in dbt, a file that is no YAML ends the command, and so does one whose template fails: what its flags would
        // say isn't known.
        if let project::Error::Invalid(found) = error
            && found
                .first()
                .is_some_and(|it| [project::code::YAML, project::code::JINJA].contains(&it.code.as_str()))
        {
            return Err(Stop::Project(found.clone()));
        }
    }
    if let Err(error) = &checked.profile {
        let reason = why(error);
        let looked = if found.is_some() {
            String::new()
        } else {
            let given = invocation.global.place.profiles_dir.as_deref();
            let looked = given.map_or_else(|| profiles.clone(), |folder| folder.join("profiles.yml"));
            format!("\ndbt looked for a profiles.yml file in {}, and there is none", looked.display())
        };
        problems.push(format!("Profile loading failed for the following reason:\n{reason}{looked}"));
    }
    if arguments.connection {
        tell(invocation, "Skipping steps before connection verification");
    } else {
        configuration(invocation, &options, &checked, profiles.is_file(), project_file.is_file());
    }
    if let Err(error) = &checked.settings {
        problems.push(format!("Project loading failed for the following reason:\n{}", why(error)));
    }
    match &checked.profile {
        Ok(profile) => problems.extend(connection(invocation, profile)),
        Err(_) => tell(invocation, "Connection test skipped since no profile was found"),
    }
    if problems.is_empty() {
        result(invocation, Level::Info, "All checks passed!");
        return Ok(Exit::Success);
    }
    let count = model_graph::counted(problems.len(), "check");
    result(invocation, Level::Error, &format!("{count} failed:"));
    for problem in problems {
        result(invocation, Level::Error, &format!("{problem}\n"));
    }
    Ok(Exit::Failure)
}

fn configuration(
    invocation: &Invocation,
    options: &ReadOptions,
    checked: &project::Checked,
    has_profiles: bool,
    has_project: bool,
) {
    let word = |is_there: bool, is_valid: bool| match (is_there, is_valid) {
        (false, true) => "OK not needed",
        (false, false) => "ERROR not found",
        (true, true) => "OK found and valid",
        (true, false) => "ERROR invalid",
    };
    tell(invocation, "Configuration:");
    tell(invocation, &format!("  profiles.yml file [{}]", word(has_profiles, checked.profile.is_ok())));
    tell(invocation, &format!("  dbt_project.yml file [{}]", word(has_project, checked.settings.is_ok())));
    tell(invocation, "Required dependencies:");
    let git = has_program(options, "git");
    tell(
        invocation,
        &format!(
            " - git [{}]\n",
            if git { "OK found" } else { "not found: packages by `git:` can't be fetched" }
        ),
    );
}

fn has_program(options: &ReadOptions, name: &str) -> bool {
    let path = options.env.get("PATH").map(String::as_str).unwrap_or_default();
    std::env::split_paths(path).any(|folder| folder.join(name).is_file())
}

/// Says where it connects to and tries; what went wrong.
fn connection(invocation: &Invocation, profile: &Profile) -> Option<String> {
    tell(invocation, "Connection:");
    for (key, value) in shown(profile) {
        tell(invocation, &format!("  {key}: {value}"));
    }
    let asked = database::open(invocation, profile, 1).and_then(|database| {
        const QUERY: &str = "select 1 as id";
        let asked = async { database.warehouse.get().await?.query_one(QUERY, &[]).await };
        let started = Instant::now();
        invocation.tell_adapter();
        telling::sent(&*invocation.log, "debug", QUERY, QUERY);
        let answer = database.runtime.block_on(asked).map(drop).map_err(Stop::from);
        answer.inspect(|()| telling::answered(&*invocation.log, "SELECT 1", started.elapsed()))
    });
    match asked {
        Ok(()) => {
            result(invocation, Level::Info, "  Connection test: [OK connection ok]\n");
            None
        }
        Err(error) => {
            result(invocation, Level::Error, "  Connection test: [ERROR]\n");
            Some(format!(
                "dbt was unable to connect to the specified database.\nThe database returned the following error:\n\n  {}\n\n\
                 hint: compare user, password, host and port with the server's; {} says what each key means",
                indent(&error.to_string()),
                "https://docs.getdbt.com/docs/core/connect-data-platform/postgres-setup"
            ))
        }
    }
}

/// The keys of a connection that are no secrets.
fn shown(profile: &Profile) -> Vec<(&'static str, String)> {
    let maybe = |value: &Option<String>| value.clone().unwrap_or_else(|| "None".to_owned());
    vec![
        ("host", profile.host.clone()),
        ("port", profile.port.to_string()),
        ("user", profile.user.clone()),
        ("database", profile.database.clone()),
        ("schema", profile.schema.clone()),
        ("connect_timeout", profile.connect_timeout.to_string()),
        ("role", maybe(&profile.role)),
        ("search_path", maybe(&profile.search_path)),
        ("keepalives_idle", profile.keepalives_idle.to_string()),
        ("sslmode", maybe(&profile.sslmode)),
        ("sslcert", maybe(&profile.sslcert)),
        ("sslkey", maybe(&profile.sslkey)),
        ("sslrootcert", maybe(&profile.sslrootcert)),
        ("application_name", profile.application_name.clone().unwrap_or_else(|| "dbt".to_owned())),
        ("retries", profile.retries.to_string()),
    ]
}

fn why(error: &project::Error) -> String {
    match error {
        project::Error::Invalid(diagnostics) => {
            diagnostics.iter().map(|it: &Diagnostic| report::text(it)).collect::<Vec<_>>().join("\n")
        }
        project::Error::File { action, path, source } => format!("{action} {}: {source}", path.display()),
    }
}

fn tell(invocation: &Invocation, message: &str) {
    invocation.say(Level::Info, "DebugCmdOut", "Z047", message);
}

fn result(invocation: &Invocation, level: Level, message: &str) {
    invocation.say(level, "DebugCmdResult", "Z048", message);
}
