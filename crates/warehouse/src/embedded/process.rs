//! The server's process: started, waited for, recognised, stopped.

use super::cluster;
use super::finder::Binaries;
use super::owner::Owner;
use super::place::{self, Place};
use super::state::{self, PidFile, Running};
use super::{Error, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How long a server may recover from a crash before we give up on it.
const START_LIMIT: Duration = Duration::from_mins(5);

/// How often to try where something came between.
const ATTEMPTS: u32 = 5;

/// How long a polite stop may take before the hard one.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Whether the server of the last start answers on its socket: a few microseconds, no protocol.
pub(super) fn answers(place: &Place, last: &Running) -> bool {
    let here = last.socket == place.socket();
    here && UnixStream::connect(last.socket.join(format!(".s.PGSQL.{}", last.port))).is_ok()
}

/// Removes what a crash left, and stops a server that lost its socket or its state file.
pub(super) fn clear_remains(place: &Place) -> Result<()> {
    let Some(file) = PidFile::read(place)? else { return Ok(()) };
    if is_ours(file.pid, &place.data()) {
        stop(place)?;
        return Ok(());
    }
    // Whoever has this number now is not our server; Postgres might think it is.
    let path = place.data().join("postmaster.pid");
    std::fs::remove_file(&path).map_err(Error::io("delete", path))
}

/// Starts the server and waits until it takes connections.
pub(super) fn launch(place: &Place, owner: Option<&Owner>, binaries: &Binaries) -> Result<Running> {
    let mut port = state::last(place).map(|last| last.port).filter(|port| is_free(*port));
    let mut attempt = 0;
    loop {
        let chosen = match port {
            Some(port) => port,
            None => free_port()?,
        };
        attempt += 1;
        match launch_on(place, owner, binaries, chosen) {
            // Somebody took the port between our look and the server's.
            Err(Error::Failed { log, .. })
                if attempt < ATTEMPTS && log.contains("Address already in use") =>
            {
                port = None;
            }
            // A starter was killed, and the server that it had begun came up only now.
            Err(Error::Failed { log, .. })
                if attempt < ATTEMPTS && log.contains("lock file \"postmaster.pid\"") =>
            {
                clear_remains(place)?;
            }
            other => return other,
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0));
    let port = listener.and_then(|listener| listener.local_addr()).map(|address| address.port());
    port.map_err(Error::io("find a free port on", Path::new("127.0.0.1")))
}

fn launch_on(place: &Place, owner: Option<&Owner>, binaries: &Binaries, port: u16) -> Result<Running> {
    let log = std::fs::File::create(place.log()).map_err(Error::io("write", place.log()))?;
    place::give_to_folder(&place.log());
    let log_too = log.try_clone().map_err(Error::io("write", place.log()))?;
    let socket = place.socket();
    let mut command = cluster::command(place, owner, binaries, "postgres");
    command
        .arg("-D")
        .arg(place.data())
        .arg("-k")
        .arg(&socket)
        .args(["-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(log_too)
        // Ctrl-C on our terminal is for us; we stop the server in order.
        .process_group(0);
    let mut child = command.spawn().map_err(Error::io("run", binaries.program("postgres")))?;
    wait_until_ready(place, &mut child)?;
    let running = Running { pid: child.id().cast_signed(), port, socket, binaries: binaries.clone() };
    // It outlives this process or not; if not, somebody must take its exit status.
    std::thread::spawn(move || child.wait());
    Ok(running)
}

/// Line 8 of the server's own pid file, believed only when the file is this child's.
fn wait_until_ready(place: &Place, child: &mut Child) -> Result<()> {
    let begun = Instant::now();
    let pid = child.id().cast_signed();
    loop {
        if PidFile::read(place)?.is_some_and(|file| file.pid == pid && file.ready) {
            return Ok(());
        }
        let ended = child.try_wait().map_err(Error::io("wait for", place.data()))?;
        if ended.is_some() || begun.elapsed() > START_LIMIT {
            let _ = child.kill();
            let log = std::fs::read_to_string(place.log()).unwrap_or_default();
            return Err(Error::from_log("start the server", &log, &place.root));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Stops the server, ending its sessions; tells whether it ran.
pub(super) fn stop(place: &Place) -> Result<bool> {
    let Some(file) = PidFile::read(place)? else { return Ok(false) };
    if !is_ours(file.pid, &place.data()) {
        return Ok(false);
    }
    let ended = send(file.pid, Signal::SIGINT)? && wait_until_gone(place, file.pid, STOP_LIMIT)
        || send(file.pid, Signal::SIGQUIT)? && wait_until_gone(place, file.pid, STOP_LIMIT);
    if ended {
        return Ok(true);
    }
    let log = std::fs::read_to_string(place.log()).unwrap_or_default();
    Err(Error::from_log(format!("stop the server (process {})", file.pid), &log, &place.root))
}

/// Sends a signal; a process that is gone already needs none.
fn send(pid: i32, signal: Signal) -> Result<bool> {
    match kill(Pid::from_raw(pid), signal) {
        Ok(()) | Err(nix::errno::Errno::ESRCH) => Ok(true),
        Err(error) => Err(Error::io("signal", Path::new(&format!("process {pid}")))(error.into())),
    }
}

fn wait_until_gone(place: &Place, pid: i32, limit: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if !is_ours(pid, &place.data()) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

/// Whether a process of that number runs (a zombie does not).
fn is_alive(pid: i32) -> bool {
    if pid <= 0 || kill(Pid::from_raw(pid), None) == Err(nix::errno::Errno::ESRCH) {
        return false;
    }
    // The state follows the program's name, which may hold anything but ends at the last bracket.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    !matches!(state, Some("Z" | "X"))
}

/// Whether that process is the server of this cluster, and not a stranger with a used number: our
/// server's command line names the cluster.
fn is_ours(pid: i32, data: &Path) -> bool {
    if !is_alive(pid) {
        return false;
    }
    let data = data.as_os_str().as_encoded_bytes();
    match std::fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(line) => line.split(|byte| *byte == 0).any(|argument| argument == data),
        // No /proc here.
        Err(_) => std::process::Command::new("ps")
            .args(["-o", "command=", "-p", &pid.to_string()])
            .output()
            .is_ok_and(|output| output.stdout.windows(data.len()).any(|part| part == data)),
    }
}
