//! What a statement leaves behind in its session: settings, temporary tables, locks.
//!
//! dbt opens a connection for every node, so that nothing of one node's session reaches another. Ours are kept, but for
//! those that a statement of the project changed.

/// Whether something of it outlives its transaction. What a function does inside is not seen.
pub(super) fn outlives_transaction(sql: &str) -> bool {
    sql.split(';').any(statement_lasts) || ["set_config(", "pg_advisory_lock"].iter().any(|it| has(sql, it))
}

/// Whether a name with a `_` in it occurs, in any case. Every statement is searched: going from one `_` to the next
/// takes a tenth of the time.
fn has(sql: &str, name: &str) -> bool {
    let before = name.find('_').unwrap_or_default();
    memchr::memchr_iter(b'_', sql.as_bytes()).any(|at| {
        let found = at.checked_sub(before).and_then(|start| sql.as_bytes().get(start..start + name.len()));
        found.is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()))
    })
}

fn statement_lasts(statement: &str) -> bool {
    let mut words = without_comments(statement).split_ascii_whitespace().map(str::to_ascii_lowercase);
    let mut next = || words.next().unwrap_or_default();
    match next().as_str() {
        "set" => !matches!(next().as_str(), "local" | "transaction" | "constraints"),
        "reset" | "discard" | "listen" | "load" | "prepare" => true,
        "create" => {
            let is_temporary = match next().as_str() {
                "local" | "global" => next().starts_with("temp"),
                word => word == "temp" || word == "temporary",
            };
            // Those of the materializations end with them.
            is_temporary && !statement.contains("__dbt_tmp")
        }
        _ => false,
    }
}

/// The statement from its first word on.
fn without_comments(statement: &str) -> &str {
    let mut rest = statement.trim_start();
    loop {
        let end = if rest.starts_with("--") {
            rest.find('\n').map(|at| at + 1)
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|at| at + 2)
        } else {
            return rest;
        };
        rest = rest[end.unwrap_or(rest.len())..].trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::outlives_transaction;

    #[test]
    fn settings_temporary_tables_and_locks_last() {
        for sql in [
            "set statement_timeout = 1",
            "SET SESSION search_path to x",
            "select 1;\n-- so\n/* or so */ set role worker",
            "reset all",
            "create temp table t (a int)",
            "create local temporary view v as select 1",
            "select Set_Config('a.b', 'c', false)",
            "select pg_advisory_lock(1)",
        ] {
            assert!(outlives_transaction(sql), "{sql}");
        }
        for sql in [
            "set local work_mem = '1MB'",
            "set transaction read only",
            "update t set a = 1",
            "create table t (a int)",
            "create temporary table \"t__dbt_tmp123\" as (select 1)",
            "-- set x = 1\nselect 1",
            "",
        ] {
            assert!(!outlives_transaction(sql), "{sql}");
        }
    }
}
