//! Settings for the transactions of tests: memory for sorts and hashes, by what the server has.
//!
//! What somebody set for the role, the database or the connection stands as it is. Everything else may be raised to a
//! part of the server's memory, and ends with the transaction.

use crate::Tester;
use project::runtime::Connection;
use std::sync::Arc;

const MIB: i64 = 1 << 20;

/// No more than this, however large the server: a sort of ten million keys fits.
const MOST: i64 = 512 * MIB;

impl Tester {
    /// Settles the settings, at the first test of a command.
    pub(crate) fn set_memory(&self, connection: &Arc<Connection>) {
        self.runtime.test_settings(|| {
            let ask = |session: &warehouse::Session| {
                connection.wait(session.query_typed(include_str!("memory.sql"), &[]))
            };
            let asked = connection.session().and_then(ask).ok().and_then(|rows| rows.into_iter().next());
            asked
                .and_then(|row| Server::read(&row))
                .map(|it| it.settings(self.slots.count()))
                .unwrap_or_default()
        });
    }
}

/// What the server has, and what it would do. Sizes in bytes.
#[derive(Clone, Copy, Debug)]
struct Server {
    work_mem: i64,
    shared_buffers: i64,
    workers: i64,
    workers_each: i64,
    /// Whether `work_mem` was set for the role, the database or the connection.
    is_chosen: bool,
}

impl Server {
    fn read(row: &warehouse::Row) -> Option<Self> {
        let number = |at| warehouse::get(row, at).ok();
        Some(Self {
            work_mem: number(0)?,
            shared_buffers: number(1)?,
            workers: number(2)?,
            workers_each: number(3)?,
            is_chosen: warehouse::get(row, 4).ok()?,
        })
    }

    /// The statements; none where nothing is to be changed.
    fn settings(self, slots: usize) -> String {
        let slots = i64::try_from(slots).unwrap_or(1).max(1);
        // A server is commonly given a quarter of its machine's memory: as much again is for all slots, each with
        // two sorts at once. A million hashes that spill to disk take twice the time.
        let fair = (self.shared_buffers / slots / 2).min(MOST);
        let mut all = Vec::new();
        if !self.is_chosen && fair > self.work_mem {
            all.push(format!("set local work_mem = '{}MB';", fair / MIB));
        }
        // Slots run side by side as it is: no more workers in all than the server has.
        let workers = self.workers / slots;
        if workers < self.workers_each {
            all.push(format!("set local max_parallel_workers_per_gather = {workers};"));
        }
        all.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_shared_among_slots_and_never_taken_away() {
        let server = Server {
            work_mem: 4 * MIB,
            shared_buffers: 2048 * MIB,
            workers: 8,
            workers_each: 2,
            is_chosen: false,
        };
        assert_eq!(server.settings(4), "set local work_mem = '256MB';");
        assert_eq!(server.settings(1), "set local work_mem = '512MB';");
        assert_eq!(Server { is_chosen: true, ..server }.settings(4), "");
        assert_eq!(Server { work_mem: 512 * MIB, ..server }.settings(4), "");
        let small = Server { shared_buffers: 16 * MIB, ..server };
        assert_eq!(small.settings(8), "set local max_parallel_workers_per_gather = 1;");
    }
}
