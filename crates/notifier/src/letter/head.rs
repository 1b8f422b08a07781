//! What a letter about changes says first: subject, headline, lead and figures.

use super::change::{Facts, organizations};
use super::line::short;
use super::rule_words::{capital, noun};
use super::{Figure, Letter, Tone, date, many, plural, span};
use crate::alert::Alert;
use crate::amount::{Amount, count};
use crate::plain::plain;
use crate::rule::Rule;
use rust_decimal::Decimal;

pub(super) fn head(
    letter: &mut Letter,
    facts: &Facts<'_>,
    [moved, broken, missing]: [&[&Alert]; 3],
    mass: bool,
) {
    let noun = noun(facts.rule);
    let by = threshold_words(facts.rule, moved);
    let checked = count(facts.checked);
    let customers = organizations(moved);
    // A mass change is about whatever most of it is.
    let most = [moved, broken, missing].map(organizations).into_iter().max().unwrap_or(0);
    let (headline, subject) = if customers > 0 && (!mass || customers == most) {
        let who = if mass {
            format!("{} of {checked} customer {}", count_of(customers), plural(&noun))
        } else {
            many(customers, &format!("customer {noun}"))
        };
        (format!("{who} moved by {by}"), format!("{who} moved {}", subject_words(&by)))
    } else if !broken.is_empty() && (!mass || organizations(broken) == most) {
        let words =
            format!("{} cannot be compared", many(organizations(broken), &format!("customer {noun}")));
        (words.clone(), words)
    } else {
        let words = format!("{} without a record", many(organizations(missing), "customer"));
        (words.clone(), words)
    };
    letter.eyebrow = if mass { "Mass change".to_owned() } else { format!("{} alert", capital(&noun)) };
    letter.subject = format!("{subject}, {}", date(facts.as_of));
    if mass {
        letter.subject = format!("Mass change: {}", letter.subject);
        letter.tone = Tone::Trouble;
    }
    letter.headline = headline;
    letter.lead = lead(facts, moved, mass);
    letter.figures = vec![Figure { value: checked, name: format!("checked on {}", date(facts.as_of)) }];
    for (number, name) in [
        (organizations(moved), "moved"),
        (organizations(broken), "not comparable"),
        (organizations(missing), "without a record"),
    ] {
        if number > 0 {
            letter
                .figures
                .insert(letter.figures.len() - 1, Figure { value: count_of(number), name: name.to_owned() });
        }
    }
    letter.preheader = moved
        .iter()
        .chain(broken)
        .chain(missing)
        .take(3)
        .map(|alert| short(alert))
        .collect::<Vec<_>>()
        .join(" · ");
}

fn lead(facts: &Facts<'_>, moved: &[&Alert], mass: bool) -> String {
    let mut lead = if moved.is_empty() { String::new() } else { format!("Each {}.", compared(facts)) };
    if mass {
        if let Some(total) = total(moved) {
            lead.push_str(&format!(" Together they went from {total}."));
        }
        lead.push_str(
            " So many at once are more often a fault of the data than news about customers, so this is one mail \
             instead of many. Check the last load first.",
        );
    } else if let (Some(first), Some(last)) =
        (moved.iter().map(|alert| alert.record_date).min(), moved.iter().map(|alert| alert.record_date).max())
        && first != last
    {
        lead.push_str(&format!(" These are the changes of {}, day by day.", span(first, last)));
    }
    lead.trim().to_owned()
}

/// `balance is compared with the same customer's last earlier record`
pub(super) fn compared(facts: &Facts<'_>) -> String {
    let noun = noun(facts.rule);
    match facts.rule.judgement.compare_to_days {
        1 => format!("{noun} is compared with the same customer's last earlier record"),
        days => format!("{noun} is compared with the same customer's record of {days} days before"),
    }
}

/// A percentage needs no `by` in a subject line.
fn subject_words(by: &str) -> String {
    if by.starts_with(|c: char| c.is_ascii_digit()) { by.to_owned() } else { format!("by {by}") }
}

/// What all of them had and have, where that can be added up exactly.
fn total(moved: &[&Alert]) -> Option<String> {
    let currency = moved.first()?.currency.clone();
    let sum = |amount: fn(&Alert) -> Option<&Amount>| {
        moved.iter().try_fold(Decimal::ZERO, |sum, alert| {
            let number = Decimal::from_str_exact(amount(alert)?.as_str()).ok()?;
            sum.checked_add(number).filter(|_| alert.currency == currency)
        })
    };
    let from = Amount::new(sum(|alert| alert.base_value.as_ref())?.to_string()).pretty();
    let to = Amount::new(sum(|alert| alert.value.as_ref())?.to_string()).pretty();
    Some(format!("{from} to {to} {}", plain(&currency.unwrap_or_default(), 12)).trim().to_owned())
}

fn threshold_words(rule: &Rule, moved: &[&Alert]) -> String {
    if moved.iter().any(|alert| alert.segment.is_some()) {
        let whose = if organizations(moved) == 1 { "its" } else { "their" };
        format!("{whose} threshold or more")
    } else {
        format!("{}% or more", rule.judgement.threshold.percent())
    }
}

fn count_of(number: usize) -> String {
    count(i64::try_from(number).unwrap_or(i64::MAX))
}
