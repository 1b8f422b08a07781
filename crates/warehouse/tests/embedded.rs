//! The embedded server: started, shared, killed, stale, unreachable, and never open to strangers.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on says so and fails"
)]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use warehouse::embedded::{Error, Keep, Running, Server, Status};
use warehouse::{Environment, Secret, Settings, Warehouse};

fn environment() -> Environment {
    std::env::vars().collect()
}

/// A project folder that any user may enter.
fn project() -> TempDir {
    let folder = tempfile::Builder::new().prefix("dp-test").tempdir_in("/var/tmp").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn server(folder: &Path) -> Server {
    Server::of_project(folder, &environment()).unwrap()
}

fn running(server: &Server) -> Option<Running> {
    match server.status() {
        Status::Running(running) => Some(running),
        _ => None,
    }
}

/// What the database at the settings answers, or its refusal.
fn ask(settings: Settings, sql: &str) -> warehouse::Result<Option<String>> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let session = Warehouse::lazy(Settings { retries: 0, ..settings }, 1)?.session().await?;
        Ok(session.run(sql).await?.rows.and_then(|rows| rows.first().map(str::to_owned)))
    })
}

fn wait_for_end(pid: i32) {
    let begun = Instant::now();
    let alive = |pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        kill(Pid::from_raw(pid), None).is_ok() && !stat.contains(") Z ")
    };
    while alive(pid) {
        assert!(begun.elapsed() < Duration::from_secs(20), "process {pid} goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn lives_while_it_is_used() {
    let folder = project();
    let server = server(folder.path());
    assert!(matches!(server.status(), Status::Absent));
    assert!(!server.stop(false).unwrap());

    let first = server.start(Keep::WhileUsed).unwrap();
    assert!(first.fresh());
    ask(first.settings(), "create table kept as select 7 as seven").unwrap();
    let begun = Instant::now();
    let second = server.start(Keep::WhileUsed).unwrap();
    let reuse = begun.elapsed();
    assert!(!second.fresh() && reuse < Duration::from_millis(50), "{reuse:?}");
    assert!(matches!(server.stop(false), Err(Error::InUse { .. })));
    drop(first);
    assert_eq!(running(&server).unwrap().pid, second.running().pid, "the second still uses it");
    let pid = second.running().pid;
    drop(second);
    wait_for_end(pid);
    assert!(matches!(server.status(), Status::Stopped));

    let kept = server.start(Keep::Forever).unwrap();
    assert_eq!(ask(kept.settings(), "select seven from kept").unwrap().as_deref(), Some("7"));
    let pid = kept.running().pid;
    drop(kept);
    drop(server.start(Keep::WhileUsed).unwrap());
    assert_eq!(running(&server).unwrap().pid, pid, "it was told to stay");
    let user = server.start(Keep::WhileUsed).unwrap();
    assert!(server.stop(true).unwrap(), "by force, even with users");
    drop(user);
    server.reset(false).unwrap();
    assert!(matches!(server.status(), Status::Absent));
}

#[test]
fn strangers_stay_outside() {
    let folder = project();
    let server = server(folder.path());
    let handle = server.start(Keep::WhileUsed).unwrap();
    let tcp = handle.tcp_settings();
    let who = "select current_user || ' on ' || current_database()";
    assert_eq!(ask(tcp.clone(), who).unwrap().as_deref(), Some("platform on platform"));
    for password in [None, Some(Secret::new("")), Some(Secret::new("wrong"))] {
        let refused = ask(Settings { password, ..tcp.clone() }, who).unwrap_err();
        assert!(refused.to_string().contains("password"), "{refused}");
    }
    assert_eq!(ask(handle.settings(), who).unwrap().as_deref(), Some("platform on platform"));
    let rules = std::fs::read_to_string(server.folder().join("data/pg_hba.conf")).unwrap();
    assert!(!rules.contains("trust"), "{rules}");
    let rights =
        |name: &str| std::fs::metadata(server.folder().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((rights("password"), rights("socket"), rights("data")), (0o600, 0o700, 0o700));
    let listening = ask(handle.settings(), "select current_setting('listen_addresses')").unwrap();
    assert_eq!(listening.as_deref(), Some("127.0.0.1"));
    drop(handle);
    std::fs::remove_file(server.folder().join("password")).unwrap();
    let handle = server.start(Keep::WhileUsed).unwrap();
    assert_ne!(handle.tcp_settings().password, tcp.password, "a lost password is replaced");
    assert_eq!(ask(handle.tcp_settings(), who).unwrap().as_deref(), Some("platform on platform"));
}

#[test]
fn many_starters_share_one_server() {
    let folder = project();
    let mut children: Vec<Child> = (0..2).map(|_| hold_in_another_process(folder.path())).collect();
    let starters: Vec<_> = (0..3)
        .map(|_| {
            let server = server(folder.path());
            std::thread::spawn(move || server.start(Keep::WhileUsed).unwrap())
        })
        .collect();
    let handles: Vec<_> = starters.into_iter().map(|starter| starter.join().unwrap()).collect();
    let held: Vec<i32> = children.iter_mut().map(wait_for_holder).collect();
    let pid = handles[0].running().pid;
    assert!(handles.iter().all(|handle| handle.running().pid == pid) && held.iter().all(|held| *held == pid));
    assert!(handles.iter().filter(|handle| handle.fresh()).count() <= 1);
    drop(handles);

    // Killed holders cannot clean up; the server stays, and whoever comes next copes.
    for mut child in children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let server = server(folder.path());
    assert_eq!(running(&server).map(|running| running.pid), Some(pid));
    let next = server.start(Keep::WhileUsed).unwrap();
    assert!(!next.fresh());
    drop(next);
    wait_for_end(pid);
    let child = hold_in_another_process(folder.path());
    let mut child = child;
    let pid = wait_for_holder(&mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(server.stop(false).unwrap(), "a killed holder does not stand in the way");
    wait_for_end(pid);
}

#[test]
fn a_killed_server_recovers() {
    let folder = project();
    std::fs::create_dir_all(folder.path().join(".platform/pg/data.4711.new/base")).unwrap();
    std::fs::create_dir_all(folder.path().join(".platform/pg/data/base")).unwrap();
    let server = server(folder.path());
    let handle = server.start(Keep::WhileUsed).unwrap();
    // Commits of the last half-second may be lost, unless they ask not to be.
    ask(handle.settings(), "set synchronous_commit = on; create table kept as select 7 as seven").unwrap();
    let pid = handle.running().pid;
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    wait_for_end(pid);
    assert!(server.folder().join("data/postmaster.pid").exists(), "a stale file lies there");
    assert!(matches!(server.status(), Status::Stopped));
    assert!(!server.stop(true).unwrap());
    let again = server.start(Keep::WhileUsed).unwrap();
    assert!(again.fresh() && again.running().pid != pid);
    assert_eq!(ask(again.settings(), "select seven from kept").unwrap().as_deref(), Some("7"));
    let pid = again.running().pid;
    drop(again);
    assert!(running(&server).is_some(), "the first handle still counts");
    drop(handle);
    wait_for_end(pid);

    // The stale file names a living process that is no Postgres: this one.
    let stale = format!("{}\n/data\n1700000000\n5432\n/socket\n127.0.0.1\n\nready   \n", std::process::id());
    std::fs::write(server.folder().join("data/postmaster.pid"), stale).unwrap();
    assert!(!server.stop(true).unwrap(), "a stranger is not stopped");
    let again = server.start(Keep::WhileUsed).unwrap();
    assert!(again.fresh());

    // The state file is lost while the server runs: it is recognised and replaced.
    let pid = again.running().pid;
    std::fs::remove_file(server.folder().join("state.json")).unwrap();
    let found = server.start(Keep::WhileUsed).unwrap();
    assert_eq!(ask(found.settings(), "select seven from kept").unwrap().as_deref(), Some("7"));
    wait_for_end(pid);
    drop((again, found));

    // Another version's cluster is said to be one, and left alone.
    std::fs::write(server.folder().join("data/PG_VERSION"), "12\n").unwrap();
    let text = server.start(Keep::WhileUsed).unwrap_err().to_string();
    assert!(text.contains("Postgres 12 made it") && text.contains("hint: install Postgres 12"), "{text}");
}

#[test]
fn starters_killed_anywhere_leave_a_usable_server() {
    let folder = project();
    for milliseconds in [30, 150, 400, 900, 1600, 2400] {
        let mut child = hold_in_another_process(folder.path());
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let handle = server(folder.path()).start(Keep::WhileUsed).unwrap();
    assert_eq!(ask(handle.settings(), "select 1").unwrap().as_deref(), Some("1"));
    let pid = handle.running().pid;
    drop(handle);
    wait_for_end(pid);
}

#[test]
fn a_closed_or_deep_folder_is_no_obstacle() {
    let home = tempfile::Builder::new().prefix("dp-test").tempdir_in("/var/tmp").unwrap();
    let deep = home.path().join("a project in a folder whose name is long").join("x".repeat(80));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let server = server(&deep);
    let inside = server.folder().starts_with(std::fs::canonicalize(home.path()).unwrap());
    assert_eq!(inside, !nix::unistd::geteuid().is_root(), "only root's Postgres runs as somebody else");
    let handle = server.start(Keep::WhileUsed).unwrap();
    assert!(handle.running().socket.as_os_str().len() < 90);
    assert_eq!(ask(handle.settings(), "select 1").unwrap().as_deref(), Some("1"));
    drop(handle);
    server.reset(false).unwrap();
    let _ = std::fs::remove_dir_all(server.folder());
}

/// Runs [`holder`] in a process of its own.
fn hold_in_another_process(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holder", "--ignored", "--nocapture"])
        .env("DP_TEST_HOLD", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait_for_holder(child: &mut Child) -> i32 {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|line| line.contains("holds ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Not a test: the process that another test kills.
#[test]
#[ignore = "the process that other tests kill"]
fn holder() {
    let Some(folder) = std::env::var_os("DP_TEST_HOLD") else { return };
    let handle = server(Path::new(&folder)).start(Keep::WhileUsed).unwrap();
    println!("\nholds {}", handle.running().pid);
    let mut end = String::new();
    std::io::stdin().read_line(&mut end).unwrap();
}

/// Root goes on with the cluster of the project's owner, who finds it usable afterwards; another user is told
/// whose it is.
#[test]
fn a_cluster_belongs_to_who_made_it() {
    if !nix::unistd::geteuid().is_root() {
        // Without root there is one user only: what others make is told apart by the owner's number.
        let folder = project();
        assert!(server(folder.path()).folder().starts_with("/var/tmp"));
        return;
    }
    let folder = project();
    let user = nix::unistd::User::from_name("nobody").unwrap().expect("every system has `nobody`");
    let give = |path: &Path| nix::unistd::chown(path, Some(user.uid), Some(user.gid)).unwrap();
    let root = folder.path().join(".platform/pg");
    std::fs::create_dir_all(root.join("data")).unwrap();
    for path in [folder.path(), &folder.path().join(".platform"), &root, &root.join("data")] {
        give(path);
    }
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let server = server(folder.path());
    assert!(server.folder().ends_with(".platform/pg"), "{}", server.folder().display());
    let handle = server.start(Keep::WhileUsed).unwrap();
    assert_eq!(ask(handle.settings(), "select 1").unwrap().as_deref(), Some("1"));
    let uid = |path: &str| std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(root.join(path)).unwrap());
    for path in ["data", "state.json", "password", "users.lock", "start.lock", "socket"] {
        assert_eq!(uid(path), user.uid.as_raw(), "{path}");
    }
    let map = std::fs::read_to_string(root.join("data/pg_ident.conf")).unwrap();
    assert!(map.contains("\"root\"") && map.contains("\"nobody\""), "{map}");
}
