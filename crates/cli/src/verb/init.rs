//! `dp init`: a new project, and a profile for it (<https://docs.getdbt.com/reference/commands/init>).
//!
//! Without a terminal nothing is asked: the profile gets Postgres' usual values, to be edited.

use crate::arguments::verb::Init;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use platform_core::event::Level;
use project::yaml::{self, writer};
use serde_json::{Map, Value, json};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// The files of a new project: path and text; `{{project}}` is its name.
const FILES: [(&str, &str); 5] = [
    ("dbt_project.yml", include_str!("../starter/dbt_project.yml")),
    ("README.md", include_str!("../starter/README.md")),
    (".gitignore", include_str!("../starter/gitignore")),
    ("models/example/greetings.sql", include_str!("../starter/models/example/greetings.sql")),
    ("models/example/schema.yml", include_str!("../starter/models/example/schema.yml")),
];
/// Folders that begin empty.
const FOLDERS: [&str; 5] = ["analyses", "macros", "seeds", "snapshots", "tests"];

/// Makes a project where there is none, then a profile for it.
pub fn init(invocation: &Invocation, arguments: &Init) -> Result<Exit, Stop> {
    let here = invocation.project_dir();
    let profile = if here.join("dbt_project.yml").is_file() {
        // As in dbt, a name is no matter where there is a project.
        if invocation.global.place.profile.is_some() {
            return Err(Stop::runtime(
                "Can not init existing project with specified profile, edit dbt_project.yml instead",
            ));
        }
        profile_of(&here)?
    } else {
        let name = match &arguments.project_name {
            Some(name) => name.clone(),
            None => ask("Enter a name for your project (letters, digits, underscore)", None)
                .ok_or_else(|| Stop::runtime("A project wants a name\nhint: `dp init my_project`"))?,
        };
        check_profile(invocation)?;
        // As in dbt, nothing more is made for what is there.
        if !create(invocation, &here, &name)? {
            return Ok(Exit::Success);
        }
        name
    };
    let chosen = invocation.global.place.profile.as_ref();
    if arguments.skip_profile_setup || chosen.is_some() {
        return Ok(Exit::Success);
    }
    set_up_profile(invocation, &profile)?;
    Ok(Exit::Success)
}

/// Fails where a profile is chosen that isn't there.
fn check_profile(invocation: &Invocation) -> Result<(), Stop> {
    let Some(name) = &invocation.global.place.profile else { return Ok(()) };
    let text = read(&profiles_file(invocation)?)?.unwrap_or_default();
    let profiles = yaml::parse("profiles.yml", text)
        .map_err(|error| Stop::Project(vec![yaml::diagnostic_of_secrets(&error)]))?;
    match profiles.root.get(name) {
        Some(_) => Ok(()),
        None => Err(Stop::runtime(format!("Could not find profile named '{name}'"))),
    }
}

/// Makes the project; whether there was none.
fn create(invocation: &Invocation, here: &Path, name: &str) -> Result<bool, Stop> {
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|letter| letter == '_' || letter.is_ascii_alphabetic());
    if !begins || !letters.all(|letter| letter == '_' || letter.is_ascii_alphanumeric()) {
        return Err(Stop::runtime(format!(
            "{name} is not a valid project name.\nhint: letters, digits and underscores, no digit first"
        )));
    }
    let folder = here.join(name);
    if folder.exists() {
        invocation.say(
            Level::Info,
            "ProjectNameAlreadyExists",
            "A024",
            format!("A project called {name} already exists here."),
        );
        return Ok(false);
    }
    let profile = invocation.global.place.profile.as_deref().unwrap_or(name);
    for (path, text) in FILES {
        write(&folder.join(path), &text.replace("{{project}}", name).replace("{{profile}}", profile))?;
    }
    for path in FOLDERS {
        write(&folder.join(path).join(".gitkeep"), "")?;
    }
    let text = format!(
        "Your new project \"{name}\" was created in {}\nWhat comes next: `cd {name}`, `dp debug`, `dp build`",
        folder.display()
    );
    invocation.say(Level::Info, "ProjectCreated", "A025", text);
    Ok(true)
}

fn write(path: &Path, text: &str) -> Result<(), Stop> {
    let failed = |source| Stop::File { action: "write", path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}

fn read(path: &Path) -> Result<Option<String>, Stop> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Stop::File { action: "read", path: path.to_owned(), source }),
    }
}

/// The profile that a project names.
fn profile_of(folder: &Path) -> Result<String, Stop> {
    let text = read(&folder.join("dbt_project.yml"))?.unwrap_or_default();
    let document = yaml::parse("dbt_project.yml", text)
        .map_err(|error| Stop::Project(vec![yaml::diagnostic(&error)]))?;
    let profile = document.root.get("profile").and_then(yaml::Node::scalar_text);
    profile.ok_or_else(|| Stop::runtime("dbt_project.yml names no profile\nhint: add `profile: my_profile`"))
}

/// Adds a profile to profiles.yml; one that is there is kept unless a person says otherwise.
fn set_up_profile(invocation: &Invocation, name: &str) -> Result<(), Stop> {
    let path = profiles_file(invocation)?;
    let text = read(&path)?.unwrap_or_default();
    let document = yaml::parse("profiles.yml", text.clone())
        .map_err(|error| Stop::Project(vec![yaml::diagnostic(&error)]))?;
    let mut profiles = document.root.to_json_map();
    let known = profiles.contains_key(name);
    if known
        && ask_yes(&format!("The profile {name} already exists in {}. Overwrite it?", path.display()))
            != Some(true)
    {
        let text = format!("The profile {name} exists already in {}; it is kept", path.display());
        invocation.say(Level::Info, "ProfileKept", "A027", text);
        return Ok(());
    }
    let profile = json!({"target": "dev", "outputs": {"dev": output()}});
    let written = if known {
        profiles.insert(name.to_owned(), profile);
        writer::dump(&Value::Object(profiles))
    } else {
        // What stands there stays as it is, comments and all.
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        let added = writer::dump(&Value::Object(Map::from_iter([(name.to_owned(), profile)])));
        format!("{text}{gap}{added}")
    };
    write(&path, &written)?;
    restrict(&path);
    let text = format!(
        "Profile {name} written to {} using target's defaults where nothing was said. Run `dp debug` to see whether it connects.",
        path.display()
    );
    invocation.say(Level::Info, "ProfileWrittenWithTargetTemplateYAML", "A029", text);
    Ok(())
}

/// The file that other commands would read, or the one that they would look for last.
fn profiles_file(invocation: &Invocation) -> Result<PathBuf, Stop> {
    let folders = project::profile::search_order(&invocation.read_options());
    let files: Vec<PathBuf> = folders.iter().map(|folder| folder.join("profiles.yml")).collect();
    let found = files.iter().find(|file| file.is_file()).or(files.last());
    found.cloned().ok_or_else(|| {
        Stop::runtime("No home folder is known\nhint: say where profiles.yml is: `--profiles-dir FOLDER`")
    })
}

/// A password may stand in it.
fn restrict(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        drop(std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)));
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn output() -> Value {
    let text = |question: &str, usual: &str| ask(question, Some(usual)).unwrap_or_else(|| usual.to_owned());
    let number = |question: &str, usual: u16| {
        ask(question, Some(&usual.to_string())).and_then(|answer| answer.parse().ok()).unwrap_or(usual)
    };
    let host = text("host (hostname for the instance)", "localhost");
    let port = number("port", 5432);
    let user = text("user (dev username)", "postgres");
    let password = text("pass (dev password)", "{{ env_var('DBT_ENV_SECRET_PASSWORD', '') }}");
    let dbname = text("dbname (default database that dbt will build objects in)", "postgres");
    let schema = text("schema (default schema that dbt will build objects in)", "dev");
    let threads = number("threads (1 or more)", 4);
    json!({
        "type": "postgres", "host": host, "port": port, "user": user, "pass": password, "dbname": dbname,
        "schema": schema, "threads": threads,
    })
}

/// Asks a person; nothing where there is none or none answers.
fn ask(question: &str, usual: Option<&str>) -> Option<String> {
    let (input, mut talk) = (std::io::stdin(), std::io::stderr());
    if !input.is_terminal() {
        return None;
    }
    let shown = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
    let _ = write!(talk, "{question}{shown}: ");
    let _ = talk.flush();
    let mut line = String::new();
    input.lock().read_line(&mut line).ok()?;
    let answer = line.trim();
    if answer.is_empty() { usual.map(str::to_owned) } else { Some(answer.to_owned()) }
}

fn ask_yes(question: &str) -> Option<bool> {
    ask(&format!("{question} [y/N]"), None).map(|answer| answer.to_lowercase().starts_with('y'))
}
