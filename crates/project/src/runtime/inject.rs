//! Ephemeral models as common table expressions in front of a query.

/// The name of an ephemeral model's CTE.
pub fn cte_name(model: &str) -> String {
    format!("__dbt__cte__{model}")
}

/// The CTE of an ephemeral model.
pub fn cte(model: &str, sql: &str) -> String {
    format!(" {} as (\n{sql}\n)", cte_name(model))
}

/// Puts CTEs before a query: into its own `with` if it begins with one.
pub fn inject(sql: &str, ctes: &[String]) -> String {
    if ctes.is_empty() {
        return sql.to_owned();
    }
    let all = ctes.join(", ");
    let start = after_space_and_comments(sql, 0);
    match keyword(sql, start, "with") {
        Some(after_with) => {
            let next = after_space_and_comments(sql, after_with);
            let after = keyword(sql, next, "recursive").unwrap_or(after_with);
            // As in dbt, blanks stay before the first of them; a comment goes with what it is about.
            let at = sql.len() - sql[after..].trim_start().len();
            format!("{}{all}, {}", &sql[..at], &sql[at..])
        }
        None => {
            let at = sql.len() - sql.trim_start().len();
            format!("{}with{all} {}", &sql[..at], &sql[at..])
        }
    }
}

/// The end of the word at `at`, if it is `word`.
fn keyword(sql: &str, at: usize, word: &str) -> Option<usize> {
    let end = at + word.len();
    let same = sql.get(at..end)?.eq_ignore_ascii_case(word);
    let ends = !sql[end..].starts_with(|next: char| next.is_alphanumeric() || next == '_' || next == '$');
    (same && ends).then_some(end)
}

fn after_space_and_comments(sql: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = &sql[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.starts_with("--") {
            at += trimmed.find('\n').map_or(trimmed.len(), |end| end + 1);
        } else if trimmed.starts_with("/*") {
            at += trimmed.find("*/").map_or(trimmed.len(), |end| end + 2);
        } else {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_the_querys_own_with_or_begins_one() {
        let ctes = [cte("a", "select 1")];
        assert_eq!(inject("select 2", &ctes), "with __dbt__cte__a as (\nselect 1\n) select 2");
        assert_eq!(inject("WITH q as (x) y", &ctes), "WITH  __dbt__cte__a as (\nselect 1\n), q as (x) y");
        assert_eq!(
            inject("with\n\n-- c\nq as (x) y", &ctes),
            "with\n\n __dbt__cte__a as (\nselect 1\n), -- c\nq as (x) y"
        );
        let commented = "-- with\nwith recursive q as (x) y";
        assert_eq!(
            inject(commented, &ctes),
            "-- with\nwith recursive  __dbt__cte__a as (\nselect 1\n), q as (x) y"
        );
        assert_eq!(inject("\n\nselect 1", &ctes), "\n\nwith __dbt__cte__a as (\nselect 1\n) select 1");
        assert_eq!(inject("without", &ctes), "with __dbt__cte__a as (\nselect 1\n) without");
    }
}
