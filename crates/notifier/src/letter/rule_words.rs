//! A rule in words.

use crate::plain::plain;
use crate::rule::{Measure, Rule};

/// The rule in words.
pub(crate) fn rule_words(rule: &Rule) -> String {
    let judgement = &rule.judgement;
    let noun = noun(rule);
    let since = match judgement.compare_to_days {
        1 => "its last earlier record".to_owned(),
        days => format!("its record of {days} days before"),
    };
    let measure = match judgement.measure {
        Measure::Previous => "",
        Measure::SymmetricMax => " of the larger of both",
    };
    let mut words = format!(
        "Rule {}: a customer's {noun} moved by {}% or more{measure} since {since}",
        rule.id,
        judgement.threshold.percent()
    );
    if !judgement.min_abs_change.is_zero() {
        words.push_str(&format!(", and by {} at least", judgement.min_abs_change));
    }
    for segment in &judgement.segments {
        words.push_str(&format!("; {}% for segment {}", segment.threshold.percent(), segment.id));
    }
    words.push('.');
    words
}

/// `balance`, from the name of the watched column.
pub(crate) fn noun(rule: &Rule) -> String {
    plain(&rule.source.value.replace('_', " "), 40).to_lowercase()
}

pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
