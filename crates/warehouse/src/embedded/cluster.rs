//! The cluster on disk: made once, configured at every start, closed to strangers.

use super::finder::Binaries;
use super::owner::{self, Owner};
use super::place::{self, Place};
use super::tuning::{self, Tuning};
use super::{Error, NAME, Result};
use crate::Secret;
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The major version of the cluster, where there is one.
pub(super) fn version(place: &Place) -> Result<Option<u32>> {
    let path = place.data().join("PG_VERSION");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path)(error)),
    }
}

/// Brings the cluster into the state in which the server may start.
pub(super) fn prepare(
    place: &Place,
    owner: Option<&Owner>,
    binaries: &Binaries,
    tuning: Tuning,
) -> Result<()> {
    if version(place)?.is_none() {
        make(place, owner, binaries, tuning)
    } else {
        configure(place, &place.data(), owner, tuning)?;
        if password(place).is_some() { Ok(()) } else { set_password(place, &place.data(), owner, binaries) }
    }
}

/// The role's password, where there is one.
pub(super) fn password(place: &Place) -> Option<Secret> {
    let text = std::fs::read_to_string(place.password()).ok()?;
    Some(text.trim()).filter(|text| !text.is_empty()).map(Secret::new)
}

/// Makes the cluster in a folder beside, so that one killed half-way is never taken for a whole one.
fn make(place: &Place, owner: Option<&Owner>, binaries: &Binaries, tuning: Tuning) -> Result<()> {
    let data = place.data_in_the_making();
    for remains in place.remains() {
        // What cannot be deleted is in nobody's way.
        let _ = std::fs::remove_dir_all(remains);
    }
    if place.data().exists() {
        std::fs::remove_dir_all(place.data()).map_err(Error::io("delete", place.data()))?;
    }
    std::fs::create_dir(&data).map_err(Error::io("make", &data))?;
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700))
        .map_err(Error::io("set the rights of", &data))?;
    if let Some(owner) = owner {
        owner.give(&data)?;
    }
    // The character rules of C.UTF-8 where the system has them, with byte order in any case.
    let mut made = initdb(place, owner, binaries, &data, "C.UTF-8");
    if made.as_ref().is_err_and(|error| error.to_string().contains("locale")) {
        made = initdb(place, owner, binaries, &data, "C");
    }
    made?;
    configure(place, &data, owner, tuning)?;
    run_alone(place, &data, owner, binaries, &format!("create database {NAME}"), "make the database")?;
    set_password(place, &data, owner, binaries)?;
    std::fs::rename(&data, place.data()).map_err(Error::io("name", place.data()))
}

fn initdb(place: &Place, owner: Option<&Owner>, binaries: &Binaries, data: &Path, ctype: &str) -> Result<()> {
    let mut command = command(place, owner, binaries, "initdb");
    command
        .arg("--pgdata")
        .arg(data)
        .args(["--username", NAME, "--encoding=UTF8", "--locale=C", "--auth=reject", "--no-sync"])
        .arg("--no-instructions")
        .arg(format!("--lc-ctype={ctype}"))
        .stdin(Stdio::null());
    finish(place, command, "make the cluster", None)
}

/// Writes `postgresql.conf` and who may come in: on the socket the system's own word for who we are,
/// by TCP the password. Nobody else.
fn configure(place: &Place, data: &Path, owner: Option<&Owner>, tuning: Tuning) -> Result<()> {
    let folder = std::fs::metadata(&place.root).map_err(Error::io("open", &place.root))?.uid();
    let users = BTreeSet::from([owner::own_uid(), folder]);
    let names: Vec<String> = users.into_iter().filter_map(owner::name_of).collect();
    let local = if names.is_empty() { "scram-sha-256" } else { "peer map=platform" };
    let access = format!(
        "local all all {local}\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n"
    );
    let names: Vec<String> = names.iter().map(|name| format!("platform \"{name}\" {NAME}\n")).collect();
    for (name, text) in [
        ("postgresql.conf", tuning::configuration(tuning)),
        ("pg_hba.conf", access),
        ("pg_ident.conf", names.concat()),
    ] {
        let path = data.join(name);
        std::fs::write(&path, text).map_err(Error::io("write", &path))?;
        if let Some(owner) = owner {
            owner.give(&path)?;
        }
    }
    Ok(())
}

/// Gives the role a new random password and keeps it in a file that only we can read.
fn set_password(place: &Place, data: &Path, owner: Option<&Owner>, binaries: &Binaries) -> Result<()> {
    let mut random = [0_u8; 24];
    let source = Path::new("/dev/urandom");
    std::fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut random))
        .map_err(Error::io("read", source))?;
    let password = hex::encode(random);
    let sql = format!("alter role {NAME} password '{password}'");
    run_alone(place, data, owner, binaries, &sql, "set the password")?;
    place::write(&place.password(), &password, 0o600)
}

/// Runs a statement in the server's single-user mode, before anybody can connect.
fn run_alone(
    place: &Place,
    data: &Path,
    owner: Option<&Owner>,
    binaries: &Binaries,
    sql: &str,
    what: &str,
) -> Result<()> {
    let mut command = command(place, owner, binaries, "postgres");
    command.args(["--single", "-F", "-j", "-D"]).arg(data).args(["-c", "exit_on_error=on", "postgres"]);
    command.stdin(Stdio::piped());
    finish(place, command, what, Some(&format!("{sql};\n\n")))
}

/// A program of Postgres, run as the server's user in a folder that this user can enter.
pub(super) fn command(place: &Place, owner: Option<&Owner>, binaries: &Binaries, program: &str) -> Command {
    let mut command = Command::new(binaries.program(program));
    command.current_dir(&place.root).env_remove("PGDATA").env_remove("PGPORT").env_remove("PGHOST");
    command.env("LC_ALL", "C").env_remove("LANGUAGE");
    if let Some(owner) = owner {
        owner.run(&mut command);
    }
    command
}

fn finish(place: &Place, mut command: Command, what: &str, input: Option<&str>) -> Result<()> {
    let program = command.get_program().to_owned();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::io("run", Path::new(&program)))?;
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        // A program that ended early says why below.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(Error::io("run", Path::new(&program)))?;
    if output.status.success() {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(Error::from_log(what, &text, &place.root))
}
