//! The server's settings: bulk work on this machine's memory, or quick tests.

use std::fmt::Write as _;

/// What the server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tuning {
    /// Loading and transforming: few sessions, big statements; a crash loses at most the last
    /// half-second of commits and damages nothing.
    Bulk,
    /// Tests: many small databases; a crash of the machine may lose everything.
    Tests,
}

const MIB: u64 = 1 << 20;

/// The text of `postgresql.conf`. What a person wants otherwise, `alter system set` says.
pub(super) fn configuration(tuning: Tuning) -> String {
    let memory = match tuning {
        Tuning::Bulk => memory(),
        Tuning::Tests => 1024 * MIB,
    };
    let part =
        |divisor: u64, least: u64, most: u64| format!("{}MB", (memory / divisor / MIB).clamp(least, most));
    let mut text = String::from("# written at every start; change with `alter system set`\n");
    let mut set = |name: &str, value: &str| {
        let _ = writeln!(text, "{name} = '{value}'");
    };
    set("shared_buffers", &part(8, if tuning == Tuning::Tests { 64 } else { 256 }, 4096));
    set("effective_cache_size", &part(2, 512, 65536));
    set("work_mem", &part(64, 16, 256));
    set("maintenance_work_mem", &part(16, 64, 1024));
    set("synchronous_commit", "off");
    set("wal_level", "minimal");
    set("max_wal_senders", "0");
    set("max_wal_size", "4GB");
    set("checkpoint_timeout", "15min");
    set("checkpoint_completion_target", "0.9");
    set("jit", "off");
    set("random_page_cost", "1.1");
    set("max_connections", if tuning == Tuning::Tests { "300" } else { "100" });
    set("max_locks_per_transaction", "256");
    set("password_encryption", "scram-sha-256");
    set("listen_addresses", "127.0.0.1");
    set("lc_messages", "C");
    set("log_line_prefix", "%m [%p] ");
    if small_shared_memory() {
        set("dynamic_shared_memory_type", "mmap");
    }
    if tuning == Tuning::Tests {
        set("fsync", "off");
        set("full_page_writes", "off");
        set("autovacuum", "off");
    }
    text
}

/// Docker gives `/dev/shm` 64 MB, less than a parallel hash join takes.
#[cfg(target_os = "linux")]
fn small_shared_memory() -> bool {
    let shared = nix::sys::statvfs::statvfs("/dev/shm");
    shared.is_ok_and(|at| at.blocks() * at.fragment_size() <= 256 * MIB)
}

#[cfg(not(target_os = "linux"))]
fn small_shared_memory() -> bool {
    false
}

/// The memory this process may use, in bytes: the machine's or, where less, the control group's.
fn memory() -> u64 {
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    });
    let machine = machine.unwrap_or(4096 * MIB);
    group.map_or(machine, |group| group.min(machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_the_memory() {
        let text = configuration(Tuning::Bulk);
        assert!(text.contains("synchronous_commit = 'off'") && !text.contains("fsync"), "{text}");
        assert!(configuration(Tuning::Tests).contains("fsync = 'off'"));
    }
}
