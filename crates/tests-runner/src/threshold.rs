//! Thresholds that are a comparison with a number: what a count makes of them needs no database.

use crate::Verdict;
use platform_core::NodeConfig;
use std::cmp::Ordering;

/// `warn_if`, `error_if` and `limit` of a test that counts its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thresholds {
    warn: Threshold,
    error: Threshold,
    limit: Option<i64>,
}

impl Thresholds {
    /// Of a test's configuration; `None` where only the database can say what it means.
    pub fn of(config: &NodeConfig) -> Option<Self> {
        let counts_rows = config.text("fail_calc")?.trim().eq_ignore_ascii_case("count(*)");
        let limit = match config.get("limit") {
            None => None,
            Some(limit) => Some(limit.as_i64().filter(|limit| *limit >= 0)?),
        };
        let threshold = |key| Threshold::read(config.text(key)?);
        let (warn, error) = (threshold("warn_if")?, threshold("error_if")?);
        counts_rows.then_some(Self { warn, error, limit })
    }

    /// The verdict over that many rows.
    pub fn verdict(&self, rows: i64) -> Verdict {
        let failures = self.limit.map_or(rows, |limit| rows.min(limit));
        Verdict { failures, should_warn: self.warn.holds(failures), should_error: self.error.holds(failures) }
    }
}

/// `!= 0`, `> 10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Threshold {
    /// Holds for counts below, at and above the number.
    holds: [bool; 3],
    number: i64,
}

impl Threshold {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let at = text.find(|letter: char| !matches!(letter, '=' | '!' | '<' | '>'))?;
        let holds = match &text[..at] {
            "=" => [false, true, false],
            "!=" | "<>" => [true, false, true],
            "<" => [true, false, false],
            "<=" => [true, true, false],
            ">" => [false, false, true],
            ">=" => [false, true, true],
            _ => return None,
        };
        let digits = text[at..].trim_start();
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number)?;
        Some(Self { holds, number })
    }

    fn holds(self, count: i64) -> bool {
        let [below, at, above] = self.holds;
        match count.cmp(&self.number) {
            Ordering::Less => below,
            Ordering::Equal => at,
            Ordering::Greater => above,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn thresholds(more: Value) -> Option<Thresholds> {
        let mut config = json!({"fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0"});
        config.as_object_mut()?.extend(more.as_object()?.clone());
        Thresholds::of(&serde_json::from_value(config).ok()?)
    }

    #[test]
    fn a_comparison_with_a_number_is_known() {
        let check = |error_if: &str, holds_for: &[i64]| {
            let known = thresholds(json!({"error_if": error_if})).expect(error_if);
            let found: Vec<i64> = (0..5).filter(|rows| known.verdict(*rows).should_error).collect();
            assert_eq!(found, holds_for, "{error_if}");
        };
        check("!= 0", &[1, 2, 3, 4]);
        check("<>2", &[0, 1, 3, 4]);
        check(" >= 3 ", &[3, 4]);
        check(">3", &[4]);
        check("< 2", &[0, 1]);
        check("<= 2", &[0, 1, 2]);
        check("= 1", &[1]);
        let limited = thresholds(json!({"limit": 2})).expect("a limit");
        assert_eq!((limited.verdict(1).failures, limited.verdict(9).failures), (1, 2));
    }

    #[test]
    fn anything_else_is_the_databases_to_say() {
        for other in
            ["> 1.5", "between 1 and 2", "> 1 or true", "", "!= -1", "> 99999999999999999999", "=> 1"]
        {
            assert_eq!(thresholds(json!({"warn_if": other})), None, "{other}");
        }
        assert_eq!(thresholds(json!({"fail_calc": "sum(n)"})), None);
        assert_eq!(thresholds(json!({"limit": "1 + 1"})), None);
    }
}
